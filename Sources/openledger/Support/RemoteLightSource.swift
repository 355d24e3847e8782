import JSON
import Ledger
import LightClient
import Primitives
import RPC
import Voting

/// A node's RPC as a light client asks it.
struct RemoteLightSource: LightSource {
    let client: NodeClient

    var name: String { client.url }

    func lightBlock(at height: Height) async throws -> LightBlock {
        let answer = try await client.call("chain_header", ["height": .integer(height.value)])
        return LightBlock(
            header: try decode(answer, "headerBytes"),
            certificate: try decode(answer, "certificateBytes"),
            validators: try decode(answer, "validatorsBytes")
        )
    }

    func evidence(for key: [UInt8], at height: Height?) async throws -> StateEvidence {
        let answer = try await client.call(
            "state_prove",
            [
                "key": .string("0x" + Hex.encode(key)),
                "height": height.map { .integer($0.value) } ?? .null,
            ]
        )
        guard let text = answer["proof"]?.string, let proof = Base64.decode(text) else {
            throw CommandFailure(.unavailable, "\(name) gives no proof in base64")
        }
        return StateEvidence(
            value: answer["value"]?.string.flatMap { Hex.decode($0) },
            proof: proof,
            header: try decode(answer, "header"),
            certificate: try decode(answer, "certificate")
        )
    }

    private func decode<Value: BorshDecodable>(_ answer: JSON, _ field: String) throws -> Value {
        guard let text = answer[field]?.string, let bytes = Base64.decode(text),
            let value = try? Value(borsh: bytes)
        else { throw CommandFailure(.unavailable, "\(name) gives no good \(field)") }
        return value
    }
}
