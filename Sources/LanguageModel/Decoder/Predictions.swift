// What a model expects after every token of a text, a few rows of the vocabulary at a time.

import ExactMath

/// The distribution after the tokens up to `position`.
package struct Prediction: Sendable, Equatable {
    package let position: Int
    /// The likeliest tokens with the natural logarithm of their probabilities, the likeliest first
    /// and the lowest id first among equals.
    package let top: [(id: UInt32, logProbability: Double)]
    /// The logarithm of the probability of the token that follows; nil at the last position.
    package let next: Double?

    package static func == (left: Self, right: Self) -> Bool {
        left.position == right.position && left.next == right.next
            && left.top.elementsEqual(right.top) { $0 == $1 }
    }
}

extension DecoderModel {
    /// Rows of logits that are in memory at a time.
    private static let predictionRows = 32

    /// Calls `each` with the prediction at every position, in order. The logarithm of a softmax's
    /// denominator is cross-entropy's own, so a probability here has the bits of a loss there.
    ///
    /// - Parameter top: how many of the likeliest tokens to name; 0 names none.
    package func predictions(
        after tokens: [UInt32],
        top: Int,
        adapter: PreparedAdapter? = nil,
        each: (Prediction) -> Void
    ) throws(ModelError) {
        try configuration.check(tokens)
        var cache = KeyValueCache(for: configuration)
        var trace = ComputationTrace()
        do throws(ExactMathError) {
            let x = try hidden(tokens, &cache, adapter, &trace)
            for start in stride(from: 0, to: x.rows, by: Self.predictionRows) {
                let range = start..<min(start + Self.predictionRows, x.rows)
                let logits = try logits(ofHidden: x.rows(range))
                try Self.predict(logits, first: start, tokens, top: top, each)
            }
        } catch {
            throw .arithmetic(error)
        }
    }

    private static func predict(
        _ logits: Matrix,
        first: Int,
        _ tokens: [UInt32],
        top: Int,
        _ each: (Prediction) -> Void
    ) throws(ExactMathError) {
        var largest: [UInt32] = []
        for row in 0..<logits.rows { largest.append(try Sampling.argmax(logits.row(row))) }
        // The loss of a row's largest logit is the logarithm of the sum of e^(logit - largest).
        let denominators = try CrossEntropy.losses(logits, targets: largest)
        for row in 0..<logits.rows {
            let values = logits.row(row)
            let peak = Double(values[Int(largest[row])])
            func logProbability(_ id: UInt32) -> Double {
                (Double(values[Int(id)]) - peak) - denominators[row]
            }
            let position = first + row
            each(
                Prediction(
                    position: position,
                    top: likeliest(values, count: top).map { ($0, logProbability($0)) },
                    next: position + 1 < tokens.count ? logProbability(tokens[position + 1]) : nil
                )
            )
        }
    }

    /// The ids of the largest logits, the lowest id first among equals.
    private static func likeliest(_ logits: [Float], count: Int) -> [UInt32] {
        guard count > 0 else { return [] }
        var best: [UInt32] = []
        var threshold = -Float.infinity
        for (id, logit) in logits.enumerated() where best.count < count || logit > threshold {
            var place = best.count
            while place > 0, logits[Int(best[place - 1])] < logit { place -= 1 }
            best.insert(UInt32(id), at: place)
            if best.count > count { best.removeLast() }
            threshold = logits[Int(best[best.count - 1])]
        }
        return best
    }
}
