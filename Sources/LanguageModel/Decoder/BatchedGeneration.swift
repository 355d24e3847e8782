// Greedy generation of many streams at once. A pass over the base model's weights serves all of
// them, each with its own adapter; what a stream gets is what `generateGreedily` gives it alone.

import ExactMath

/// Streams that generate together. One thread steps; streams come and go between steps.
package struct BatchedGeneration: Sendable {
    package struct StreamID: Sendable, Hashable {
        let number: Int
    }

    /// What a step brought to one stream.
    package struct Event: Sendable, Equatable {
        package let stream: StreamID
        /// Nil where no token may be made at all, or none could be.
        package let token: UInt32?
        /// Not nil with the last event of a stream, which is then gone.
        package let finish: GreedyCompletion.Finish?
        /// Why the stream is gone without an end of its own. No other stream is touched by it.
        package let failure: ModelError?
    }

    private struct Entry: Sendable {
        let id: StreamID
        /// Tokens that the cache has not seen; those of one step are in `stream.tokens`.
        var pending: ArraySlice<UInt32>
        var stream: DecoderStream
        /// How many more may be made.
        var left: Int

        mutating func take(_ token: UInt32, isEnd: Bool) -> Event {
            left -= 1
            pending = [token]
            return Event(
                stream: id,
                token: token,
                finish: isEnd ? .stop : left == 0 ? .length : nil,
                failure: nil
            )
        }
    }

    package let model: DecoderModel
    /// The most prompt tokens that one step takes in, so that a long prompt does not hold up the others.
    package let promptRows: Int
    private var entries: [Entry] = []
    private var added = 0

    package init(_ model: DecoderModel, promptRows: Int = 256) {
        precondition(promptRows > 0)
        self.model = model
        self.promptRows = promptRows
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    /// Adds a stream; the next step begins with its prompt. The limits are those of `generateGreedily`.
    package mutating func add(
        _ prompt: [UInt32],
        maxTokens: Int,
        adapter: PreparedAdapter? = nil
    ) throws(ModelError) -> StreamID {
        try add(
            prompt,
            maxTokens,
            DecoderStream(for: model.configuration, adapter: adapter),
            known: 0
        )
    }

    /// Adds a stream with the adapter of `prepared`; where the prompts begin alike, nothing is
    /// computed again.
    package mutating func add(
        _ prompt: [UInt32],
        maxTokens: Int,
        after prepared: PreparedPrompt
    ) throws(ModelError) -> StreamID {
        // The last token goes through the model in any case: its logits are wanted.
        let alike = zip(prompt.dropLast(), prepared.tokens).prefix { $0 == $1 }.count
        let cache = prepared.cache.prefix(alike)
        let stream = DecoderStream(cache: cache, adapter: prepared.adapter)
        return try add(prompt, maxTokens, stream, known: alike)
    }

    private mutating func add(
        _ prompt: [UInt32],
        _ maxTokens: Int,
        _ stream: DecoderStream,
        known: Int
    ) throws(ModelError) -> StreamID {
        try model.configuration.check(prompt)
        let id = StreamID(number: added)
        added += 1
        entries.append(
            Entry(
                id: id,
                pending: prompt[known...],
                stream: stream,
                left: model.completionLimit(prompt, maxTokens)
            )
        )
        return id
    }

    /// Ends a stream early; its unfinished work is dropped.
    package mutating func remove(_ id: StreamID) { entries.removeAll { $0.id == id } }

    /// One pass: a token for every stream whose prompt is behind it, in the order of addition.
    package mutating func step() -> [Event] {
        var events = entries.filter { $0.left == 0 }.map {
            Event(stream: $0.id, token: nil, finish: .length, failure: nil)
        }
        entries.removeAll { $0.left == 0 }
        let chosen = schedule()
        guard !chosen.isEmpty else { return events }
        var streams: [DecoderStream] = []
        for place in chosen {
            streams.append(entries[place].stream)
            // Only the pass may hold the cache, or it would be copied.
            entries[place].stream.cache = KeyValueCache(layers: 0)
        }
        let choices = advance(&streams)
        var ended: Set<StreamID> = []
        for (index, place) in chosen.enumerated() {
            entries[place].stream.cache = streams[index].cache
            let event: Event
            switch choices[index] {
            case .success(let token):
                guard entries[place].pending.isEmpty else { continue }
                event = entries[place].take(token, isEnd: model.isEnd(token))
            case .failure(let error):
                event = Event(stream: entries[place].id, token: nil, finish: nil, failure: error)
            }
            events.append(event)
            if event.finish != nil || event.failure != nil { ended.insert(event.stream) }
        }
        entries.removeAll { ended.contains($0.id) }
        return events
    }

    /// The likeliest token after each stream's tokens.
    private func advance(_ streams: inout [DecoderStream]) -> [Result<UInt32, ModelError>] {
        let known = streams.map { $0.cache.count }
        do throws(ModelError) {
            let logits = try model.advance(&streams)
            var choices: [Result<UInt32, ModelError>] = []
            for index in streams.indices {
                choices.append(.success(try DecoderModel.choice(logits.row(index))))
            }
            return choices
        } catch {
            // One stream's numbers can be at fault, whose adapter overflows: each goes alone, which
            // has the same bits, and none ends another.
            return streams.indices.map { index in
                streams[index].cache.cut(to: known[index], width: model.configuration.keyWidth)
                return alone(&streams[index])
            }
        }
    }

    private func alone(_ stream: inout DecoderStream) -> Result<UInt32, ModelError> {
        var own = [stream]
        stream.cache = KeyValueCache(layers: 0)
        defer { stream.cache = own[0].cache }
        do throws(ModelError) {
            return .success(try DecoderModel.choice(model.advance(&own).row(0)))
        } catch {
            return .failure(error)
        }
    }

    /// The places of the streams that have rows in the next pass; sets their `tokens`.
    private mutating func schedule() -> [Int] {
        var room = promptRows
        var chosen: [Int] = []
        for place in entries.indices {
            let wanted = entries[place].pending.count
            // One row is a step of generation, which always has room.
            let rows = wanted == 1 ? 1 : min(wanted, room)
            guard rows > 0 else { continue }
            if wanted > 1 { room -= rows }
            entries[place].stream.tokens = Array(entries[place].pending.prefix(rows))
            entries[place].pending.removeFirst(rows)
            chosen.append(place)
        }
        return chosen
    }
}
