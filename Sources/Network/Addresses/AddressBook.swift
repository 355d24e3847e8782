// Whom a node may dial that its operator has not named. Pure: time and chance come from outside.
// Whoever fills it is taken for hostile; what it promises is that addresses of few groups, told by
// few groups, reach few of its places, and never those of peers that have proved themselves.

import Cryptography
package import Primitives

/// Known addresses, in buckets as Bitcoin has them: *new* ones, of which we were told, and *tried*
/// ones, which we have reached.
///
/// Each address has one place, drawn from a secret: a new one from its own group and the group of
/// whoever told us, a tried one from its group. A group reaches at most 4 of the 64 tried buckets,
/// and a group that tells reaches at most 16 of the 256 new ones.
///
/// Invariants: `entries` and the places hold the same addresses; nothing here grows beyond the
/// places. The dictionary is only looked up; every iteration is over places.
package struct AddressBook: Sendable {
    static let bucketSize = 32
    static let newBuckets = 256
    static let triedBuckets = 64
    static let newBucketsOfTeller: UInt64 = 16
    static let triedBucketsOfGroup: UInt64 = 4
    static let placeCount = (newBuckets + triedBuckets) * bucketSize
    private static let contestLimit = 16

    /// What a place is drawn from.
    private enum Draw {
        static let group = HashTag("openledger/address-group/v1")
        static let newBucket = HashTag("openledger/address-new-bucket/v1")
        static let host = HashTag("openledger/address-host/v1")
        static let triedBucket = HashTag("openledger/address-tried-bucket/v1")
        static let place = HashTag("openledger/address-place/v1")
    }

    private let secret: Digest
    private(set) var entries: [NetworkAddress: AddressEntry] = [:]
    /// The new buckets, then the tried ones.
    private(set) var places = [NetworkAddress?](repeating: nil, count: placeCount)
    /// Tried addresses whose place another reached address wants: they are dialled, and lose it
    /// if they do not answer.
    private(set) var contests: [Contest] = []

    struct Contest: Sendable, Equatable {
        let incumbent: NetworkAddress
        let challenger: NetworkAddress
    }

    /// - Parameter secret: random and kept, so that nobody can aim at a bucket.
    package init(secret: Digest) { self.secret = secret }

    package var count: Int { entries.count }
    package var triedCount: Int {
        places[(Self.newBuckets * Self.bucketSize)...].count { $0 != nil }
    }

    package subscript(address: NetworkAddress) -> AddressEntry? { entries[address] }

    // MARK: Learning

    /// Notes an address that somebody told us; a known one, or one whose place is taken by a
    /// useful other, changes nothing.
    ///
    /// - Parameter teller: whose word it is. A private address is believed of private peers only.
    package mutating func add(
        _ address: NetworkAddress,
        key: PublicKey? = nil,
        from teller: NetworkAddress,
        now: UInt64
    ) {
        guard entries[address] == nil, address.isPublic || !teller.isPublic else { return }
        let place = newPlace(address, teller: teller.group)
        if let occupant = places[place] {
            guard entries[occupant]?.isHopeless(now: now) ?? true else { return }
            forget(occupant)
        }
        places[place] = address
        entries[address] = AddressEntry(key: key, teller: teller.group, added: now)
    }

    /// A connection to the address proved this key.
    package mutating func reached(_ address: NetworkAddress, key: PublicKey, now: UInt64) {
        contests.removeAll { $0.incumbent == address }
        var entry =
            entries[address] ?? AddressEntry(key: key, teller: address.group, added: now)
        entry.key = key
        entry.tried = now
        entry.reached = now
        entry.failures = 0
        let isKnown = entries[address] != nil
        guard !entry.isTried else { return entries[address] = entry }
        let place = triedPlace(address)
        if let incumbent = places[place] {
            if isKnown { entries[address] = entry }
            guard entries[incumbent]?.isHopeless(now: now) ?? true else {
                return contest(incumbent, by: address)
            }
            forget(incumbent)
        }
        if isKnown { vacate(newPlace(address, teller: entry.teller), of: address) }
        entry.isTried = true
        places[place] = address
        entries[address] = entry
    }

    /// A connection to the address came to nothing.
    package mutating func failed(_ address: NetworkAddress, now: UInt64) {
        guard var entry = entries[address] else { return }
        entry.tried = now
        entry.failures = min(entry.failures, AddressEntry.failureLimit) + 1
        entries[address] = entry
        if let contest = contests.first(where: { $0.incumbent == address }) {
            contests.removeAll { $0.incumbent == address }
            forget(address)
            if let key = entries[contest.challenger]?.key {
                reached(contest.challenger, key: key, now: now)
            }
        } else if !entry.isTried, entry.isHopeless(now: now) {
            forget(address)
        }
    }

    package mutating func forget(_ address: NetworkAddress) {
        guard let entry = entries.removeValue(forKey: address) else { return }
        contests.removeAll { $0.incumbent == address || $0.challenger == address }
        vacate(
            entry.isTried ? triedPlace(address) : newPlace(address, teller: entry.teller),
            of: address
        )
    }

    private mutating func contest(_ incumbent: NetworkAddress, by challenger: NetworkAddress) {
        guard contests.count < Self.contestLimit,
            !contests.contains(where: { $0.incumbent == incumbent })
        else { return }
        contests.append(Contest(incumbent: incumbent, challenger: challenger))
    }

    private mutating func vacate(_ place: Int, of address: NetworkAddress) {
        if places[place] == address { places[place] = nil }
    }

    // MARK: Choosing

    /// An address to dial; nil when none is due. Half of the draws are among the tried ones.
    ///
    /// - Parameters:
    ///   - onlyNew: for a feeler, which finds out whether a new address is any good.
    ///   - isExcluded: addresses and groups that are connected already.
    package func candidate(
        onlyNew: Bool = false,
        now: UInt64,
        using generator: inout some RandomNumberGenerator,
        isExcluded: (NetworkAddress, AddressEntry) -> Bool
    ) -> NetworkAddress? {
        for _ in 0..<Self.draws {
            let takesTried = !onlyNew && Bool.random(using: &generator)
            let buckets = takesTried ? Self.triedBuckets : Self.newBuckets
            let first = takesTried ? Self.newBuckets : 0
            let bucket = first + Int.random(in: 0..<buckets, using: &generator)
            let start = Int.random(in: 0..<Self.bucketSize, using: &generator)
            for step in 0..<Self.bucketSize {
                let place = bucket * Self.bucketSize + (start + step) % Self.bucketSize
                guard let address = places[place], let entry = entries[address] else { continue }
                if entry.isDue(now: now), !isExcluded(address, entry) { return address }
                break
            }
        }
        return nil
    }

    private static let draws = 256

    /// Addresses for a peer that asks: at most `count`, and no more than a quarter of the book, so
    /// that nobody copies it in a few questions.
    package func sample(
        _ count: Int,
        now: UInt64,
        using generator: inout some RandomNumberGenerator
    ) -> [NetworkAddress] {
        let known = places.compactMap { $0 }.filter {
            entries[$0].map { !$0.isHopeless(now: now) } ?? false
        }
        let wanted = min(count, (known.count + 3) / 4)
        return Array(known.shuffled(using: &generator).prefix(wanted))
    }

    // MARK: Places

    private func newPlace(_ address: NetworkAddress, teller: AddressGroup) -> Int {
        let choice = draw(Draw.group, address.group.bytes, teller.bytes) % Self.newBucketsOfTeller
        let bucket = draw(Draw.newBucket, teller.bytes, [UInt8(choice)]) % UInt64(Self.newBuckets)
        return place(of: address, in: Int(bucket))
    }

    private func triedPlace(_ address: NetworkAddress) -> Int {
        let choice = draw(Draw.host, address.borshBytes, []) % Self.triedBucketsOfGroup
        let bucket =
            draw(Draw.triedBucket, address.group.bytes, [UInt8(choice)]) % UInt64(Self.triedBuckets)
        return place(of: address, in: Self.newBuckets + Int(bucket))
    }

    private func place(of address: NetworkAddress, in bucket: Int) -> Int {
        let position =
            draw(Draw.place, address.borshBytes, [UInt8(bucket % 256), UInt8(bucket / 256)])
        return bucket * Self.bucketSize + Int(position % UInt64(Self.bucketSize))
    }

    private func draw(_ tag: HashTag, _ first: [UInt8], _ second: [UInt8]) -> UInt64 {
        var writer = BorshWriter()
        writer.write(secret)
        writer.writeBytes(first)
        writer.writeBytes(second)
        let hash = taggedHash(tag, writer.bytes)
        return (0..<8).reduce(0) { $0 << 8 | UInt64(hash[$1]) }
    }
}

// MARK: - On disk

extension AddressBook: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(secret)
        let kept = places.compactMap { $0 }
        writer.writeLength(kept.count)
        for address in kept {
            writer.write(address)
            if let entry = entries[address] { writer.write(entry) }
        }
    }

    /// Puts each address where it belongs by the secret; of two that claim one place the first
    /// stays.
    package init(from reader: inout BorshReader) throws(BorshError) {
        self.init(secret: try Digest(from: &reader))
        let count = try reader.readLength(limit: Self.placeCount)
        for _ in 0..<count {
            let address = try NetworkAddress(from: &reader)
            let entry = try AddressEntry(from: &reader)
            let place =
                entry.isTried ? triedPlace(address) : newPlace(address, teller: entry.teller)
            guard places[place] == nil, entries[address] == nil else { continue }
            places[place] = address
            entries[address] = entry
        }
    }
}
