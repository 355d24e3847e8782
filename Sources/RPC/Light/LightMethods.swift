package import JSON
import LightClient
import Primitives

/// The methods of a light client: those of a node whose answers can be proved, and its own status.
package enum LightMethods {
    /// Names as in the node's own table.
    static let proved: Set = [
        "params_get", "account_get", "account_balance", "datanet_get",
        "contribution_get", "snapshot_get", "model_get", "adapter_get", "claim_get", "channel_get",
        "settlement_get", "supply_get", "state_get", "state_prove",
    ]

    package static func all(_ service: LightService) -> [RPCMethod<MethodContext>] {
        let methods =
            [status(service)]
            + RPCMethod<MethodContext>.all.filter { proved.contains($0.name) }
        return methods + [RPCMethod.discovery(methods)]
    }

    private static func status(_ service: LightService) -> RPCMethod<MethodContext> {
        RPCMethod(
            "light_status",
            "What the light client trusts and whom it asks.",
            result:
                "trusted root, last verified header, nodes, and evidence of a fork if there is any"
        ) { _, _ in json(await service.status) }
    }

    package static func json(_ status: LightService.Status) -> JSON {
        [
            "root": header(status.root),
            "latest": header(status.latest),
            "headers": .integer(status.headers),
            "primary": .string(status.primary),
            "witnesses": .array(status.witnesses.map { .string($0) }),
            "faults": .array(status.faults.map { .string($0) }),
            "conflict": status.conflict.map(conflict) ?? .null,
        ]
    }

    private static func header(_ header: TrustedHeader) -> JSON {
        [
            "height": .integer(header.height.value), "hash": .string("\(header.hash)"),
            "time": .integer(header.time),
        ]
    }

    private static func conflict(_ conflict: ConflictingHeaders) -> JSON {
        [
            "height": .integer(conflict.first.height.value),
            "commonHeight": .integer(conflict.commonHeight.value),
            "signersOfBoth": .array(conflict.signersOfBoth.map { .string("\($0)") }),
            "duplicateVotes": .array(
                conflict.duplicateVotes.map { .string(Base64.encode($0.borshBytes)) }
            ),
            "evidence": .string(Base64.encode(conflict.borshBytes)),
        ]
    }
}
