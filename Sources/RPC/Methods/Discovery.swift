package import JSON

extension RPCMethod where Node == MethodContext {
    /// OpenRPC 1.3 description of the table, made from the table.
    static func discovery(_ methods: [Self]) -> Self {
        Self(
            "rpc_discover",
            "This interface as an OpenRPC document.",
            result: "an OpenRPC 1.3 document"
        ) { _, _ in document(methods) }
    }

    package static func document(_ methods: [Self]) -> JSON {
        [
            "openrpc": "1.3.2",
            "info": ["title": "OpenLedger", "version": .string(RPCVersion.current)],
            "methods": .array(methods.map(\.description)),
        ]
    }

    private var description: JSON {
        [
            "name": .string(name),
            "summary": .string(summary),
            "params": .array(
                parameters.map { parameter in
                    [
                        "name": .string(parameter.name),
                        "summary": .string(parameter.summary),
                        "required": .bool(parameter.isRequired),
                        "schema": parameter.schema,
                    ]
                }
            ),
            "result": [
                "name": "result", "summary": .string(result),
                "schema": ["type": "object"],
            ],
        ]
    }
}
