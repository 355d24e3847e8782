import ExactMath
import Primitives
import Testing

@Suite("Work shared among threads")
struct SharedWorkTests {
    private func matrix(_ rows: Int, _ columns: Int, _ stream: UInt64) -> Matrix {
        var generator = KeyedGenerator(seed: .zero, domain: 9, stream: stream)
        let values = (0..<rows * columns).map { _ in 4 * generator.nextSymmetric() }
        return Matrix(rows: rows, columns: columns, values: values)
    }

    /// Everything that is large enough to be shared out, one result after the other.
    private func results() throws -> [Matrix] {
        let attention = GroupedAttention(heads: 6, kvHeads: 3, headDimension: 32)
        let (q, k, v) = (matrix(150, 192, 1), matrix(150, 96, 2), matrix(150, 96, 3))
        let mixed = try attention.outputAndProbabilities(q: q, k: k, v: v)
        let cached = try attention.output(q: q, k: k.values, v: v.values, past: 0)
        let back = try attention.gradients(
            of: matrix(150, 192, 4),
            q: q,
            k: k,
            v: v,
            probabilities: mixed.probabilities
        )
        let (gate, up) = (matrix(300, 500, 5), matrix(300, 500, 6))
        let gates = try Layers.swiGLUGradient(of: matrix(300, 500, 7), gate: gate, up: up)
        let loss = try CrossEntropy.lossesAndGradient(
            matrix(40, 3000, 8),
            targets: (0..<40).map { UInt32($0 * 70) },
            scale: 0.5
        )
        let probabilities = Matrix(rows: 900, columns: 150, values: mixed.probabilities)
        return [
            mixed.output, probabilities, cached, back.q, back.k, back.v,
            try Layers.swiGLU(gate: gate, up: up), gates.gate, gates.up, loss.gradient,
            Matrix(rows: 1, columns: 40, values: loss.losses.map { Float($0) }),
        ]
    }

    @Test("has the bits of one thread, in any number of shares")
    func threads() throws {
        ExactRuntime.setThreads(1)
        defer { ExactRuntime.setThreads(1) }
        let expected = try results()
        #expect(expected[0] == expected[2])
        for count in [2, 3, 7] {
            ExactRuntime.setThreads(count)
            #expect(try results() == expected)
        }
    }

    @Test("fails as one thread does")
    func failure() throws {
        ExactRuntime.setThreads(3)
        defer { ExactRuntime.setThreads(1) }
        var targets = (0..<40).map { UInt32($0) }
        targets[30] = 3000
        #expect(throws: ExactMathError.outOfRange) {
            try CrossEntropy.lossesAndGradient(matrix(40, 3000, 8), targets: targets, scale: 1)
        }
    }
}
