import CExactMath

package enum CrossEntropy {
    /// -log softmax(row)[target] of each row of logits [rows, vocabulary].
    package static func losses(
        _ logits: Matrix,
        targets: [UInt32]
    ) throws(ExactMathError) -> [Double] {
        precondition(targets.count == logits.rows)
        var losses = [Double](repeating: 0, count: logits.rows)
        try check(
            unsafe xm_cross_entropy(
                logits.values,
                targets,
                logits.rows,
                logits.columns,
                0,
                &losses,
                nil
            )
        )
        return losses
    }

    /// The same, and the gradient of `scale · Σ losses` with respect to the logits, in their place.
    package static func lossesAndGradient(
        _ logits: consuming Matrix,
        targets: [UInt32],
        scale: Double
    ) throws(ExactMathError) -> (losses: [Double], gradient: Matrix) {
        precondition(targets.count == logits.rows)
        let (rows, columns) = (logits.rows, logits.columns)
        var losses = [Double](repeating: 0, count: rows)
        try check(
            unsafe logits.values.withUnsafeMutableBufferPointer { values in
                let all = values.baseAddress
                return unsafe xm_cross_entropy(all, targets, rows, columns, scale, &losses, all)
            }
        )
        return (losses, logits)
    }
}

package enum Sampling {
    /// The index of the largest logit; the first one among equals.
    package static func argmax(_ logits: [Float]) throws(ExactMathError) -> UInt32 {
        var index: UInt32 = 0
        try check(unsafe xm_argmax(logits, logits.count, &index))
        return index
    }
}

/// The settings of AdamW with decoupled weight decay, in float64.
package struct AdamW: Sendable, Equatable {
    package var learningRate: Double
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double
    package var weightDecay: Double

    package init(
        learningRate: Double,
        beta1: Double = 0.9,
        beta2: Double = 0.999,
        epsilon: Double = 1e-8,
        weightDecay: Double = 0
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// Updates parameters and both moments from one gradient, elementwise.
    /// - Parameter step: the number of this step, from 1.
    package func update(
        _ parameters: inout [Float],
        first: inout [Float],
        second: inout [Float],
        gradient: [Float],
        step: UInt64
    ) throws(ExactMathError) {
        let count = parameters.count
        precondition(first.count == count && second.count == count && gradient.count == count)
        var settings = xm_adamw(
            learning_rate: learningRate,
            beta1: beta1,
            beta2: beta2,
            epsilon: epsilon,
            weight_decay: weightDecay,
            step: step
        )
        try check(unsafe xm_adamw_step(&settings, &parameters, &first, &second, gradient, count))
    }
}

/// Elementary functions of docs/numerics.md, in float64.
package enum Elementary {
    /// exp(x) with x clamped to -708...709.
    package static func exp(_ x: Double) -> Double { xm_exp64(x) }

    /// log(x) of a positive normal number.
    package static func log(_ x: Double) -> Double { xm_log64(x) }

    package static func cos(_ x: Float) -> Float { xm_cos(x) }
}
