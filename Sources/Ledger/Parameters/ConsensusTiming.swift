package import Primitives

/// Timeouts of consensus, in milliseconds. Timeouts of later rounds grow by the deltas.
package struct ConsensusTiming: Sendable, Hashable {
    package var proposeMilliseconds: UInt32
    package var proposeDeltaMilliseconds: UInt32
    package var voteMilliseconds: UInt32
    package var voteDeltaMilliseconds: UInt32
    /// How long the chain stays still when no transaction waits.
    package var heartbeatMilliseconds: UInt32
    /// How far a block's time may be ahead of a validator's clock.
    package var clockSkewMilliseconds: UInt32

    package init(
        proposeMilliseconds: UInt32,
        proposeDeltaMilliseconds: UInt32,
        voteMilliseconds: UInt32,
        voteDeltaMilliseconds: UInt32,
        heartbeatMilliseconds: UInt32,
        clockSkewMilliseconds: UInt32
    ) {
        self.proposeMilliseconds = proposeMilliseconds
        self.proposeDeltaMilliseconds = proposeDeltaMilliseconds
        self.voteMilliseconds = voteMilliseconds
        self.voteDeltaMilliseconds = voteDeltaMilliseconds
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.clockSkewMilliseconds = clockSkewMilliseconds
    }
}

extension ConsensusTiming: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(proposeMilliseconds)
        writer.write(proposeDeltaMilliseconds)
        writer.write(voteMilliseconds)
        writer.write(voteDeltaMilliseconds)
        writer.write(heartbeatMilliseconds)
        writer.write(clockSkewMilliseconds)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        proposeMilliseconds = try reader.readUInt32()
        proposeDeltaMilliseconds = try reader.readUInt32()
        voteMilliseconds = try reader.readUInt32()
        voteDeltaMilliseconds = try reader.readUInt32()
        heartbeatMilliseconds = try reader.readUInt32()
        clockSkewMilliseconds = try reader.readUInt32()
    }
}
