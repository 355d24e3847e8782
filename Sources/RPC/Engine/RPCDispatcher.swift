import JSON

/// Answers request bodies from a table of methods.
package struct RPCDispatcher<Node: Sendable>: Sendable {
    private let methods: [String: RPCMethod<Node>]
    private let node: Node

    /// - Precondition: no two methods share a name.
    package init(methods: [RPCMethod<Node>], node: Node) {
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
        self.node = node
    }

    /// The body of the answer; nil when there is nothing to answer, as for notifications. The
    /// calls of a batch run one after another and are answered in their order.
    package func answer(_ body: [UInt8]) async -> [UInt8]? {
        switch RPCRequest(body) {
        case .single(let element): return await answer(element)?.compactBytes
        case .batch(let elements):
            var answers: [JSON] = []
            for element in elements {
                if let answer = await answer(element) { answers.append(answer) }
            }
            return answers.isEmpty ? nil : JSON.array(answers).compactBytes
        }
    }

    private func answer(_ element: RPCElement) async -> JSON? {
        switch element {
        case .invalid(let id, let error):
            return ["jsonrpc": "2.0", "error": error.json, "id": id]
        case .call(let call):
            let outcome: (String, JSON)
            do {
                outcome = ("result", try await run(call))
            } catch {
                let known = (error as? RPCError) ?? .internalError("\(error)")
                outcome = ("error", known.json)
            }
            guard let id = call.id else { return nil }
            return .object(
                JSONObject([
                    .init(key: "jsonrpc", value: "2.0"),
                    .init(key: outcome.0, value: outcome.1),
                    .init(key: "id", value: id),
                ])
            )
        }
    }

    private func run(_ call: RPCCall) async throws -> JSON {
        guard let method = methods[call.method] else { throw RPCError.methodNotFound(call.method) }
        let arguments = try RPCArguments(call.parameters, declared: method.parameters)
        return try await method.handler(arguments, node)
    }
}
