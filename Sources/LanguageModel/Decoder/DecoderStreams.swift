// Several sequences in one pass. Products with the base model's matrices take the rows of all of
// them at once; rotation, attention and adapters belong to each. A row depends on itself alone and
// on its own stream's cache, so a stream has the bits that it has by itself.

package import ExactMath

/// New tokens of one sequence, and what is known of those before them.
package struct DecoderStream: Sendable {
    /// What the next pass takes in.
    package var tokens: [UInt32] = []
    package internal(set) var cache: KeyValueCache
    package let adapter: PreparedAdapter?

    package init(for configuration: ModelConfiguration, adapter: PreparedAdapter? = nil) {
        self.init(cache: KeyValueCache(for: configuration), adapter: adapter)
    }

    init(cache: KeyValueCache, adapter: PreparedAdapter?) {
        self.cache = cache
        self.adapter = adapter
    }
}

/// Tokens with the keys and values that one adapter gives them.
package struct PreparedPrompt: Sendable {
    package let tokens: [UInt32]
    let cache: KeyValueCache
    package let adapter: PreparedAdapter?
}

extension KeyValueCache {
    /// What was known after the first `count` tokens.
    func prefix(_ count: Int) -> KeyValueCache {
        guard count < self.count else { return self }
        var shorter = self
        let kept = keys.map { $0.count / self.count * count }
        shorter.count = count
        for (layer, kept) in kept.enumerated() {
            shorter.keys[layer] = Array(keys[layer].prefix(kept))
            shorter.values[layer] = Array(values[layer].prefix(kept))
        }
        return shorter
    }

    /// Forgets everything after the first `count` tokens, which a pass that failed may have left.
    /// - Parameter width: of a key and of a value.
    mutating func cut(to count: Int, width: Int) {
        self.count = count
        for layer in keys.indices {
            keys[layer].removeLast(keys[layer].count - count * width)
            values[layer].removeLast(values[layer].count - count * width)
        }
    }
}

/// Whose adapter each row of a pass uses.
struct RowAdapters {
    struct Segment {
        let rows: Range<Int>
        let adapter: PreparedAdapter
    }

    /// In order, without overlap; rows between them have no adapter.
    private(set) var segments: [Segment] = []

    /// One adapter for all rows.
    init(_ adapter: PreparedAdapter?, rows: Int) {
        if let adapter { segments = [Segment(rows: 0..<rows, adapter: adapter)] }
    }

    init(_ streams: [DecoderStream]) {
        var start = 0
        for stream in streams {
            let rows = start..<start + stream.tokens.count
            if let adapter = stream.adapter {
                segments.append(Segment(rows: rows, adapter: adapter))
            }
            start = rows.upperBound
        }
    }

    /// Multiplies W x by magnitude over norm, output by output, in the rows whose adapter has
    /// magnitudes for the matrix (DoRA).
    func stretch(
        _ output: inout Matrix,
        _ layer: Int,
        _ linear: LinearLayer
    ) throws(ExactMathError) {
        for segment in segments {
            guard let factors = segment.adapter.pair(layer, linear)?.stretch else { continue }
            var own = output.rows(segment.rows)
            try Layers.multiplyColumns(of: &own, by: factors)
            let first = segment.rows.lowerBound * output.columns
            output.values.replaceSubrange(first..<first + own.values.count, with: own.values)
        }
    }

    /// Adds scaling · B (A x) to the rows whose adapter has a pair for the matrix.
    /// - Parameter plain: `x` before it was rounded, which dropout works on.
    /// - Returns: A x where one adapter has all rows, which training needs.
    func add(
        _ x: QuantizedMatrix,
        _ plain: Matrix,
        _ layer: Int,
        _ linear: LinearLayer,
        to output: inout Matrix
    ) throws(ExactMathError) -> Matrix? {
        var low: Matrix?
        for segment in segments {
            guard let pair = segment.adapter.pair(layer, linear) else { continue }
            let isWhole = segment.rows.count == x.rows
            // Only training, which has one adapter for all rows, drops anything.
            let dropped = isWhole ? try segment.adapter.dropped(plain, layer, linear) : nil
            let own: QuantizedMatrix
            if let dropped {
                own = try QuantizedMatrix(dropped)
            } else {
                own = isWhole ? x : x.rows(segment.rows)
            }
            let inner = try Contraction.product(own, transposed: pair.a)
            var high = try Contraction.product(QuantizedMatrix(inner), transposed: pair.b)
            if let stretch = pair.stretch { try Layers.multiplyColumns(of: &high, by: stretch) }
            try Layers.add(
                high,
                scale: pair.scaling,
                to: &output,
                from: segment.rows.lowerBound
            )
            if isWhole { low = inner }
        }
        return low
    }
}

extension DecoderModel {
    /// Runs all layers over the new tokens of every stream and extends the streams' caches.
    /// - Returns: the last layer's output before the final norm, stream after stream: [tokens of all, hidden].
    func hidden(
        _ streams: inout [DecoderStream],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        try ExactRuntime.requireExactEnvironment()
        let adapters = RowAdapters(streams)
        var tables: [RotaryTable?] = []
        for stream in streams {
            let (past, count) = (stream.cache.count, stream.tokens.count)
            tables.append(try rotaryTable(first: past, count: count))
        }
        var x = try embedded(
            streams.flatMap(\.tokens),
            positions: streams.flatMap { $0.cache.count..<$0.cache.count + $0.tokens.count }
        )
        for layer in 0..<configuration.layers {
            try addAttention(layer, &x, tables, &streams, adapters, &trace)
            let normed = try norm(weights.layers[layer].feedForwardNorm, x)
            var low = Self.noLow
            let fed = try feedForward(normed.output, layer, adapters, &low, &trace)
            try Layers.add(fed.output, to: &x)
        }
        for index in streams.indices { streams[index].cache.count += streams[index].tokens.count }
        return x
    }

    private func addAttention(
        _ layer: Int,
        _ x: inout Matrix,
        _ tables: [RotaryTable?],
        _ streams: inout [DecoderStream],
        _ adapters: RowAdapters,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) {
        var low = Self.noLow
        let normed = try norm(weights.layers[layer].attentionNorm, x)
        var heads = try heads(normed.output, layer, adapters, &low, &trace)
        try heads.normalise(by: weights.layers[layer].headNorms, configuration)
        var mixed: [Matrix] = []
        var start = 0
        for index in streams.indices {
            let rows = start..<start + streams[index].tokens.count
            mixed.append(try mix(heads.rows(rows), layer, tables[index], &streams[index].cache))
            start = rows.upperBound
        }
        let stacked = Matrix.stacked(mixed, columns: configuration.queryWidth)
        let output = try linear(
            QuantizedMatrix(stacked),
            stacked,
            layer,
            configuration.description.attentionOutput,
            adapters,
            &low,
            &trace
        )
        try Layers.add(output, to: &x)
    }

    /// Attention of one stream: its new keys and values join the cache.
    private func mix(
        _ heads: consuming HeadRows,
        _ layer: Int,
        _ table: RotaryTable?,
        _ cache: inout KeyValueCache
    ) throws(ExactMathError) -> Matrix {
        try table?.rotate(&heads.q)
        try table?.rotate(&heads.k)
        cache.keys[layer].append(contentsOf: heads.k.values)
        cache.values[layer].append(contentsOf: heads.v.values)
        return try attention.output(
            q: heads.q,
            k: cache.keys[layer],
            v: cache.values[layer],
            past: cache.count
        )
    }

    /// Feeds every stream's tokens to its cache in one pass.
    /// - Returns: the logits after the last token of each, [streams, vocabulary].
    package func advance(_ streams: inout [DecoderStream]) throws(ModelError) -> Matrix {
        for stream in streams {
            try configuration.check(stream.tokens, past: stream.cache.count)
        }
        var trace = ComputationTrace()
        do throws(ExactMathError) {
            let x = try hidden(&streams, &trace)
            var last: [Matrix] = []
            var end = 0
            for stream in streams {
                end += stream.tokens.count
                last.append(x.rows(end - 1..<end))
            }
            return try logits(ofHidden: .stacked(last, columns: x.columns))
        } catch {
            throw .arithmetic(error)
        }
    }

    /// Computes a prompt that many streams with one adapter will begin with.
    package func prepare(
        _ prompt: [UInt32],
        adapter: PreparedAdapter? = nil
    ) throws(ModelError) -> PreparedPrompt {
        try configuration.check(prompt)
        var cache = KeyValueCache(for: configuration)
        var trace = ComputationTrace()
        do throws(ExactMathError) {
            _ = try hidden(prompt, &cache, adapter, &trace)
        } catch {
            throw .arithmetic(error)
        }
        return PreparedPrompt(tokens: prompt, cache: cache, adapter: adapter)
    }

    /// One stream by itself.
    func hidden(
        _ tokens: [UInt32],
        _ cache: inout KeyValueCache,
        _ adapter: PreparedAdapter?,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        // The cache moves in and out, so that it is never copied.
        var own = KeyValueCache(layers: 0)
        swap(&own, &cache)
        var streams = [DecoderStream(cache: own, adapter: adapter)]
        streams[0].tokens = tokens
        own = KeyValueCache(layers: 0)
        defer { swap(&streams[0].cache, &cache) }
        return try hidden(&streams, &trace)
    }
}
