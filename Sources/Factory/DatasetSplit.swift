package import Commitments
import Primitives

/// A split by the records' own hashes: the same record falls on the same side in every dataset.
package struct DatasetSplit: Sendable, Equatable {
    package let training: [DataRecord]
    package let heldOut: [DataRecord]

    /// - Precondition: `perMille` is at most 1000.
    package init(_ records: [DataRecord], heldOutPerMille perMille: Int) {
        precondition((0...1000).contains(perMille))
        var training: [DataRecord] = []
        var heldOut: [DataRecord] = []
        for record in records {
            let hash = record.hash
            let part = Int(hash[0]) << 16 | Int(hash[1]) << 8 | Int(hash[2])
            let place = (part * 1000) >> 24
            if place < perMille { heldOut.append(record) } else { training.append(record) }
        }
        self.training = training
        self.heldOut = heldOut
    }
}
