import CExactMath
import ExactMath
import TestSupport
import Testing

/// Each shape on every backend that is on this machine, against the integer definition.
@Suite("Backends of the contraction", .serialized)
struct BackendTests {
    struct Shape: Sendable, CustomStringConvertible {
        let m, n, k: Int
        var description: String { "\(m) × \(n) × \(k)" }
    }

    static let shapes = [
        (1, 1, 1), (1, 9, 7), (1, 70, 576), (2, 33, 15), (3, 13, 100), (4, 31, 8), (5, 97, 129),
        (6, 40, 64), (7, 5, 4097), (9, 100, 576), (13, 3, 8193), (64, 33, 31), (41, 35, 1536),
        (60, 70, 1792), (57, 33, 899), (70, 9, 4099), (16, 7, 2016), (23, 6, 2049), (17, 99, 31),
        (161, 5, 4065), (0, 4, 4), (4, 0, 4), (3, 4, 0),
    ].map { Shape(m: $0.0, n: $0.1, k: $0.2) }

    static var present: [ExactRuntime.Backend] {
        ExactRuntime.Backend.allCases.filter { backend in
            unsafe xm_use_backend(backend.rawValue) == XM_OK
        }
    }

    /// Runs `body` on each backend and goes back to the one that was in use.
    private func onEach(_ body: (ExactRuntime.Backend) throws -> Void) throws {
        let before = try #require(ExactRuntime.backend)
        for backend in Self.present {
            try ExactRuntime.use(backend)
            try body(backend)
        }
        try ExactRuntime.use(before)
    }

    /// Whole numbers of magnitude at most 2^20: extremes, zero rows, and everything between.
    private func integers(_ rows: Int, _ columns: Int, _ generator: inout SeededGenerator)
        -> [Float]
    {
        (0..<rows).flatMap { row -> [Float] in
            let kind = Int.random(in: 0..<6, using: &generator)
            return (0..<columns).map { column in
                switch kind {
                case 0: 0
                case 1: column.isMultiple(of: 2) ? 0x1p20 : -0x1p20
                case 2: 0x1p20
                // Limbs of 10 bits with the largest sums.
                case 3: -1_048_064
                case 4: 1_048_063
                default: Float(Int.random(in: -0x10_0000...0x10_0000, using: &generator))
                }
            }
        }
    }

    @Test("sums, results and traces are the definition's", arguments: shapes)
    func equal(shape: Shape) throws {
        let (m, n, k) = (shape.m, shape.n, shape.k)
        var generator = SeededGenerator(seed: UInt64(m * 31 + n * 7 + k))
        let a = integers(m, k, &generator)
        let b = integers(n, k, &generator)
        // Extreme scales, whose products stay within float32.
        let ea = (0..<m).map { _ in Int32.random(in: -148...40, using: &generator) }
        let eb = (0..<n).map { _ in Int32.random(in: -148...20, using: &generator) }
        var expected = [Float](repeating: 0, count: m * n)
        var trace: UInt64 = 0
        #expect(
            unsafe xm_contract_reference(a, ea, m, b, eb, n, k, &expected, &trace) == XM_OK
        )
        var folded = [Float](repeating: 0, count: m * n)
        var foldedTrace: UInt64 = 0
        // The same numbers read as b [k, n].
        #expect(
            unsafe xm_contract_folded_reference(a, ea, m, b, n, k, &folded, &foldedTrace) == XM_OK
        )
        try onEach { backend in
            var values = [Float](repeating: .nan, count: m * n)
            var word: UInt64 = 0
            #expect(unsafe xm_contract(a, ea, m, b, eb, n, k, &values, &word) == XM_OK)
            #expect(values.map(\.bitPattern) == expected.map(\.bitPattern), "\(backend)")
            #expect(word == trace, "\(backend)")
            word = 0
            #expect(unsafe xm_contract_folded(a, ea, m, b, n, k, &values, &word) == XM_OK)
            #expect(values.map(\.bitPattern) == folded.map(\.bitPattern), "\(backend)")
            #expect(word == foldedTrace, "\(backend)")
            var sums = [Int64](repeating: -1, count: m * n)
            #expect(unsafe xm_contract_sums(a, m, b, n, k, &sums) == XM_OK)
            for i in 0..<m {
                for j in 0..<n {
                    let sum = (0..<k).reduce(Int64(0)) {
                        $0 + Int64(a[i * k + $1]) * Int64(b[j * k + $1])
                    }
                    #expect(sums[i * n + j] == sum, "\(backend)")
                }
            }
        }
    }

    @Test("each passes the self-check, with one and two threads")
    func selfCheck() throws {
        for threads in [1, 2] {
            ExactRuntime.setThreads(threads)
            try onEach { _ in try ExactRuntime.selfCheck() }
        }
        ExactRuntime.setThreads(1)
    }

    @Test("a result that overflows is an error on each")
    func overflow() throws {
        try onEach { backend in
            var value: Float = 0
            #expect(
                unsafe xm_contract([0x1p20], [127], 1, [0x1p20], [127], 1, 1, &value, nil)
                    == XM_NOT_FINITE,
                "\(backend)"
            )
        }
    }

    @Test("an unknown name is refused and changes nothing")
    func unknown() {
        let before = ExactRuntime.backend
        #expect(unsafe xm_use_backend("fastest") == XM_UNAVAILABLE)
        #expect(ExactRuntime.backend == before && before != nil)
    }
}
