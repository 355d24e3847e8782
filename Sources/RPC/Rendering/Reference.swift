import JSON

/// docs/rpc.md, made from the table of methods.
package enum RPCReference {
    package static var markdown: String {
        let methods = RPCMethod<MethodContext>.all
        let list = methods.map { method in
            "| [`\(method.name)`](#\(method.name)) | \(method.summary) |"
        }
        let sections = methods.map(section)
        return introduction + list.joined(separator: "\n") + "\n\n"
            + sections.joined(separator: "\n")
    }

    private static func section(_ method: RPCMethod<MethodContext>) -> String {
        var text = "## \(method.name)\n\n\(method.summary)\n\n"
        if !method.parameters.isEmpty {
            text += "| Parameter | Kind | Meaning |\n|---|---|---|\n"
            for parameter in method.parameters {
                let need = parameter.isRequired ? "" : ", optional"
                text += "| `\(parameter.name)` | \(parameter.kindText)\(need) | "
                text += "\(parameter.summary) |\n"
            }
            text += "\n"
        }
        return text + "Result: \(method.result).\n"
    }

    private static let introduction = """
        # JSON-RPC

        JSON-RPC 2.0 over HTTP: `POST /` with the content type `application/json`. Parameters are given by
        name or by position; a parameter or member that does not exist is refused. A call has at most
        \(RPCRequest.bodyLimit) bytes, a batch at most \(RPCRequest.batchLimit) calls and
        \(RPCRequest.batchBodyLimit) bytes. The `Host` header must be an IP address, `localhost`, or a name of
        `rpc.allowed_hosts`; no answer allows another site's pages to read it.

        Amounts are strings of decimal digits in units of 10⁻¹⁸ OPEN. Hashes, keys and ids are `0x` and
        hexadecimal digits, addresses bech32m (`open1…`, on test networks `topen1…`), transactions base64 of
        their Borsh bytes. An enum is its case's name, or an object with the name in `type`.

        Beside it, the same port answers `GET /health` (the process lives), `GET /ready` (200 when the node has
        caught up), `GET /status` (the result of `chain_status`), and carries artifacts:
        `PUT /artifact/<id>` and `GET /artifact/<id>`.

        `rpc_discover` describes the interface as an OpenRPC document. This page is made from the same table, by
        `openledger config rpc-reference`.

        ## Errors

        `error.data.reason` never changes its spelling; read it rather than the code.

        | Code | `data.reason` | Meaning |
        |---|---|---|
        | -32700 | `parse_error` | the body is no JSON, or says a key twice |
        | -32600 | `invalid_request` | the JSON is no call |
        | -32601 | `method_not_found` | there is no such method |
        | -32602 | `invalid_params` | a parameter is missing, unknown, or of the wrong kind |
        | -32603 | `internal_error` | the node failed |
        | -32001 | `not_found` | what the call names does not exist |
        | -32002 | the chain's word | the transaction is refused: `staleNonce`, `insufficientBalance`, … |
        | -32003 | `unavailable` | the node cannot do this now |
        | -32004 | `timeout` | the transaction was in no block in time; it may still come |
        | -32005 | `limit_exceeded` | a body or a batch is too large |
        | -32006 | `pruned` | this node has dropped what is asked for |

        ## Methods

        | Method | |
        |---|---|

        """
}

extension RPCParameter {
    fileprivate var kindText: String {
        switch kind {
        case .digest: "hash"
        case .address: "address"
        case .height: "height or `latest`"
        case .integer(let range): "integer from \(range.lowerBound) to \(range.upperBound)"
        case .base64: "base64"
        case .hexadecimal: "`0x` and digits"
        case .boolean: "boolean"
        case .text: "string"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        }
    }
}
