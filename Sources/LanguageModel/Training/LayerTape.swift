// What one layer's forward pass leaves for its backward pass.

import ExactMath

struct LayerTape {
    /// The layer's input and its middle (after attention), [rows, hidden].
    let input: Matrix
    let middle: Matrix
    private(set) var attentionNorm: NormalizedRows
    private(set) var feedForwardNorm: NormalizedRows
    let headNorms: HeadRows.NormTape?
    /// Rotated queries and keys, and values, one of each a sequence.
    let q: [Matrix]
    let k: [Matrix]
    let v: [Matrix]
    /// [heads, rows, rows] a sequence.
    let probabilities: [[Float]]
    /// Attention's output, [rows, heads · d].
    private(set) var mixed: Matrix
    let feedForward: FeedForwardRows
    /// What enters the block's last matrix.
    private(set) var active: Matrix
    /// A x of the pairs, indexed by matrix; nil where the adapter has none.
    let low: [Matrix?]

    /// The rows that entered a matrix.
    func input(of linear: LinearLayer) -> Matrix {
        switch linear {
        case .query, .key, .value, .fusedAttention: attentionNorm.output
        case .output, .fusedOutput: mixed
        case .gate, .up, .plainUp: feedForwardNorm.output
        case .down, .plainDown: active
        }
    }
}

extension LayerTape {
    /// Frees the inputs of matrices without a pair: only the gradients of a pair read them.
    mutating func keepInputs(of adapter: PreparedAdapter, _ layer: Int) {
        func isRead(by linears: LinearLayer...) -> Bool {
            linears.contains { adapter.pair(layer, $0) != nil }
        }
        if !isRead(by: .query, .key, .value, .fusedAttention) { attentionNorm.freeOutput() }
        if !isRead(by: .output, .fusedOutput) { mixed = .empty }
        if !isRead(by: .gate, .up, .plainUp) { feedForwardNorm.freeOutput() }
        if !isRead(by: .down, .plainDown) { active = .empty }
    }
}

/// What a forward pass keeps of its layers. No result depends on it: a layer that is computed again
/// has the same bits.
package enum ActivationMemory: Sendable {
    /// Everything that the backward pass needs.
    case kept
    /// Only what enters a layer; the rest is computed again, for about a third more time.
    case recomputed
}

/// What is kept of one layer.
enum LayerMemory {
    case tape(LayerTape)
    /// The layer's input, [rows, hidden].
    case input(Matrix)
}

/// Several sequences one below the other in the rows of one matrix.
struct SequenceBatch {
    let ranges: [Range<Int>]
    let tokens: [UInt32]

    init(_ sequences: [[UInt32]]) {
        var ranges: [Range<Int>] = []
        var start = 0
        for sequence in sequences {
            ranges.append(start..<start + sequence.count)
            start += sequence.count
        }
        self.ranges = ranges
        tokens = sequences.flatMap { $0 }
    }

    /// The position of each row in its sequence.
    var positions: [Int] { ranges.flatMap { 0..<$0.count } }

    var longest: Int { ranges.reduce(0) { max($0, $1.count) } }
}
