package import Primitives

/// What is known of one address. Times are milliseconds since 1970; 0 means never.
package struct AddressEntry: Sendable, Equatable {
    /// Failures after which an address that never answered is given up.
    static let newPatience: UInt32 = 3
    static let triedPatience: UInt32 = 8
    /// Counted no further.
    static let failureLimit: UInt32 = 1_000
    static let day: UInt64 = 86_400_000
    private static let firstPause: UInt64 = 60_000
    private static let longestPause: UInt64 = 3_600_000

    /// The key proved there, or claimed by whoever says that it is his address.
    package internal(set) var key: PublicKey?
    let teller: AddressGroup
    let added: UInt64
    var tried: UInt64 = 0
    var reached: UInt64 = 0
    package internal(set) var failures: UInt32 = 0
    /// Whether it has a place among the tried ones.
    package internal(set) var isTried = false

    init(key: PublicKey?, teller: AddressGroup, added: UInt64) {
        self.key = key
        self.teller = teller
        self.added = added
    }

    /// Whether its place is better given to another: it never answered, or has not for long.
    func isHopeless(now: UInt64) -> Bool {
        if reached == 0 {
            return failures >= Self.newPatience || now > added + 30 * Self.day
        }
        return failures >= Self.triedPatience && now > reached + 7 * Self.day
    }

    /// Whether enough time has passed since the last attempt: a minute, doubled with each failure,
    /// at most an hour.
    func isDue(now: UInt64) -> Bool {
        guard tried > 0, now >= tried else { return true }
        let pause = min(Self.firstPause << UInt64(min(failures, 6)), Self.longestPause)
        return now - tried >= pause
    }
}

extension AddressEntry: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeOptional(key)
        writer.writeBytes(teller.bytes)
        writer.write(added)
        writer.write(tried)
        writer.write(reached)
        writer.write(failures)
        writer.write(isTried)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        key = try reader.readOptional()
        teller = AddressGroup(bytes: try reader.readBytes(limit: AddressGroup.byteLimit))
        added = try reader.readUInt64()
        tried = try reader.readUInt64()
        reached = try reader.readUInt64()
        failures = try reader.readUInt32()
        isTried = try reader.readBool()
        try reader.require(failures <= Self.failureLimit + 1, "failures")
        try reader.require(added < 1 << 60, "added")
        try reader.require(reached < 1 << 60, "reached")
    }
}
