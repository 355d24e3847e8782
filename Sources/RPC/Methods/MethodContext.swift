import JSON
import Ledger
package import Primitives

/// What the methods work with: a node, and how its chain's values are written.
package struct MethodContext: Sendable {
    package let node: any NodeAPI
    package let renderer: Renderer

    package init(node: any NodeAPI, chain: ChainID) {
        self.node = node
        renderer = Renderer(prefix: AddressPrefix(chain: chain))
    }

    /// Reads and decodes an entry of the state; nil if it is absent.
    func entry<Entry: BorshCodable>(
        _ type: Entry.Type,
        at key: [UInt8]
    ) async throws -> Entry? {
        guard let bytes = try await node.stateValue(key) else { return nil }
        return try decode(type, bytes)
    }

    func decode<Entry: BorshCodable>(
        _ type: Entry.Type,
        _ bytes: [UInt8]
    ) throws(RPCError) -> Entry {
        do { return try Entry(borsh: bytes) } catch {
            throw RPCError.internalError("a stored \(type) does not decode")
        }
    }

    /// An object that stands under its id, with the id first.
    func object(id: Digest, _ value: Any, _ more: [JSONObject.Member] = []) -> JSON {
        let members = renderer.render(value).object?.members ?? []
        return .object(JSONObject([.init(key: "id", value: .string("\(id)"))] + members + more))
    }

    func address(_ name: String, in arguments: RPCArguments) throws(RPCError) -> Address {
        guard let text = try arguments.text(name) else { throw arguments.missing(name) }
        do { return try Address(text: text, renderer.prefix) } catch {
            throw RPCError.invalidParameters(
                "\"\(name)\" is no address of this network, which begin with \(renderer.prefix.rawValue)1"
            )
        }
    }
}

extension RPCMethod where Node == MethodContext {
    /// Every method of the node, in the order of the documentation.
    package static var all: [RPCMethod<MethodContext>] {
        let methods =
            chain + transactions + accounts + data + models + claims + payments + staking + state
        return methods + [discovery(methods)]
    }
}
