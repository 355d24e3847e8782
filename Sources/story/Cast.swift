import Foundation
import JSON

/// One of the ten accounts of the generated network.
struct Person: Sendable {
    /// The account's name in the key ring, as `--from` takes it.
    let key: String
    let address: String
    let funded: Money
}

/// Who plays which part. The network's accounts take the parts in their order.
struct Cast: Sendable {
    let people: [Person]

    static let size = 8

    var baker: Person { people[0] }
    var sailor: Person { people[1] }
    var lawyer: Person { people[2] }
    var copier: Person { people[3] }
    var builder: Person { people[4] }
    var cheat: Person { people[5] }
    var user: Person { people[6] }
    var provider: Person { people[7] }

    static let parts = [
        "baker", "sailor", "lawyer", "copier", "builder", "dishonest builder", "user", "provider",
    ]

    /// The part of an address, or its beginning.
    func part(of address: String) -> String {
        guard let index = people.prefix(Self.size).firstIndex(where: { $0.address == address })
        else { return String(address.prefix(14)) + "…" }
        return Self.parts[index]
    }
}

/// One validator of the network.
struct Validator: Sendable {
    let home: String
    let address: String
    let rpc: RPCClient
    /// The address that the owner is paid at.
    let name: String
}
