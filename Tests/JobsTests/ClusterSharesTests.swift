import Commitments
import Jobs
import Primitives
import Testing

@Suite("Shares of contributors") struct ClusterSharesTests {
    static let owner = Address.zero
    static let copier = Address([UInt8](repeating: 9, count: 20)) ?? .zero

    static func leaf(_ contributor: Address, cluster: UInt32, _ flags: ScreeningFlags = [])
        -> SnapshotLeaf
    {
        SnapshotLeaf(
            recordHash: .zero,
            contribution: 0,
            row: 0,
            contributor: contributor,
            cluster: cluster,
            flags: flags
        )
    }

    @Test("a cluster counts once, with its mean, for the owner of its earliest record")
    func clusters() throws {
        let shares = try ClusterShares([
            Self.leaf(Self.owner, cluster: 0),
            Self.leaf(Self.copier, cluster: 0, .nearDuplicate),
            Self.leaf(Self.copier, cluster: 2),
        ])
        let weights = shares.shares(of: [100, 300, -50])
        #expect(weights.map(\.weight) == [200, -50])
        #expect(weights.map(\.contributor) == [Self.owner, Self.copier])
    }

    @Test("sixteen copies earn no more than none")
    func copies() throws {
        let copies = (0..<16).map { _ in Self.leaf(Self.copier, cluster: 0, .nearDuplicate) }
        let shares = try ClusterShares([Self.leaf(Self.owner, cluster: 0)] + copies)
        let weights = shares.shares(of: [Int64](repeating: 10, count: 17))
        #expect(weights == [ContributorShare(contributor: Self.owner, weight: 10)])
    }

    @Test("rejected records have no weight, and a forward cluster is refused")
    func rejected() throws {
        let shares = try ClusterShares([
            Self.leaf(Self.owner, cluster: 0), Self.leaf(Self.owner, cluster: 1, .tooShort),
        ])
        #expect(shares.acceptedCount == 1)
        #expect(throws: JobFailure.self) {
            try ClusterShares([Self.leaf(Self.owner, cluster: 5)])
        }
    }
}
