import JSON
import Primitives

/// Parameters and result of the methods that list objects page by page.
enum PagedList {
    static let range: ClosedRange<UInt64> = 1...100
    static let defaultLimit: UInt64 = 30

    static let parameters: [RPCParameter] = [
        .optional("cursor", .hexadecimal, "`next` of the page before; the first page without it"),
        .optional("limit", .integer(range), "objects a page, 30 unless told"),
    ]

    /// A page of the entries under a prefix of the state's keys.
    ///
    /// - Parameter item: renders an entry from what its key holds after the prefix, and its value.
    static func page(
        _ arguments: RPCArguments,
        _ context: MethodContext,
        prefix: [UInt8],
        item: ([UInt8], [UInt8]) async throws -> JSON
    ) async throws -> JSON {
        let limit = Int(try arguments.integer("limit", default: defaultLimit, in: range))
        let cursor = arguments.has("cursor") ? try arguments.bytes(hexadecimal: "cursor") : nil
        let entries = try await context.node.stateEntries(
            prefix: prefix,
            after: cursor.map { prefix + $0 },
            limit: limit + 1
        )
        var items: [JSON] = []
        for entry in entries.prefix(limit) {
            items.append(try await item(Array(entry.key.dropFirst(prefix.count)), entry.value))
        }
        let last = entries.count > limit ? entries[limit - 1].key.dropFirst(prefix.count) : nil
        return [
            "items": .array(items),
            "next": last.map { .string("0x" + Hex.encode($0)) } ?? .null,
        ]
    }

    /// A page of objects that stand under their ids.
    static func objects<Entry: BorshCodable>(
        _ arguments: RPCArguments,
        _ context: MethodContext,
        prefix: String,
        _ type: Entry.Type,
        render: (Digest, Entry) -> JSON
    ) async throws -> JSON {
        try await page(arguments, context, prefix: Array(prefix.utf8)) {
            key,
            value throws(RPCError) in
            guard let id = Digest(key) else { throw RPCError.internalError("a key is malformed") }
            return render(id, try context.decode(type, value))
        }
    }
}
