package import JSON

/// One method: its declaration, and what answers it. `Node` is whatever the methods ask.
///
/// Asynchronous functions of this target throw without a type: with one, 128-bit integers that they
/// pass have been seen to change on the way (Swift 6.3). Errors other than `RPCError` are answered
/// as internal ones.
package struct RPCMethod<Node: Sendable>: Sendable {
    package typealias Handler = @Sendable (RPCArguments, Node) async throws -> JSON

    package let name: String
    package let summary: String
    package let parameters: [RPCParameter]
    /// What the result is, in words.
    package let result: String
    package let handler: Handler

    package init(
        _ name: String,
        _ summary: String,
        _ parameters: [RPCParameter] = [],
        result: String,
        handler: @escaping Handler
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.result = result
        self.handler = handler
    }
}
