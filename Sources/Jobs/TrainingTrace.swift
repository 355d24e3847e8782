// The artifact of a training trace: the state after each unit.

import Commitments
package import Primitives

/// Snapshots of equal shape, one for each unit of a training job.
package struct TrainingTrace: Sendable, Equatable {
    package static let maximumUnits = 4_096
    /// 1 GiB, above the largest adapter that rank and model limits allow.
    package static let maximumStateBytes = 1 << 30

    package let snapshots: [[UInt8]]

    package init(_ snapshots: [[UInt8]]) { self.snapshots = snapshots }

    /// The root that an adapter commits: one leaf for each state's digest.
    package var root: Digest {
        outputRoot(of: snapshots.map { TrainingJob.digest(ofState: $0) })
    }
}

extension TrainingTrace: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeLength(snapshots.count)
        for snapshot in snapshots { writer.writeBytes(snapshot) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        var snapshots: [[UInt8]] = []
        for _ in 0..<(try reader.readLength(limit: Self.maximumUnits)) {
            snapshots.append(try reader.readBytes(limit: Self.maximumStateBytes))
        }
        self.snapshots = snapshots
    }
}
