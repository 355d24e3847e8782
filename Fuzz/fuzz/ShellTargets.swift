import Cryptography
import JSON
import Node
import Peers
import Primitives
import RPC
import Serving

extension FuzzTarget {
    /// What a node reads from sockets and from its operator's files.
    static func shellTargets() throws -> [FuzzTarget] {
        let seed = [UInt8](repeating: 3, count: 32)
        let key: JSON = [
            "version": 1, "publicKey": .string(try SigningKey(seed: seed).publicKey.description),
            "seed": .string("0x" + Hex.encode(seed)),
        ]
        let requests = [
            #"{"jsonrpc":"2.0","id":1,"method":"chain_status","params":{"height":3}}"#,
            #"[{"jsonrpc":"2.0","id":null,"method":"a"},{"jsonrpc":"2.0","id":"x","method":"b"}]"#,
        ]
        return [
            FuzzTarget(name: "rpc-request", seeds: requests.map { Array($0.utf8) }) { bytes in
                guard case .batch(let calls) = RPCRequest(bytes) else { return }
                precondition((1...RPCRequest.batchLimit).contains(calls.count))
            },
            FuzzTarget(name: "completion-request", seeds: completions()) { bytes in
                let requests = [
                    try? CompletionRequest(bytes),
                    try? CompletionRequest(chat: bytes, format: .chatML),
                ]
                for request in requests.compactMap({ $0 }) {
                    precondition(request.stops.count <= CompletionRequest.stopLimit)
                }
            },
            FuzzTarget(
                name: "configuration",
                seeds: [Array(Configuration().template.utf8)],
                run: configuration
            ),
            FuzzTarget(name: "genesis-file", seeds: files(in: "genesis", ending: [".json"])) {
                bytes in
                guard let genesis = try? GenesisFile.read(bytes) else { return }
                let again = try? GenesisFile.read(Array(GenesisFile.document(genesis).utf8))
                precondition(again == genesis, "a genesis does not read back as itself")
            },
            FuzzTarget(name: "key-file", seeds: [key.compactBytes]) { bytes in
                guard let value = try? JSON.parse(bytes), let file = try? KeyFile(json: value)
                else { return }
                precondition((try? KeyFile(json: file.json)) == file, "a key file changes")
            },
            FuzzTarget(name: "peer-address", seeds: [Array("[::1]:26656".utf8)]) { bytes in
                guard let address = PeerAddress(String(decoding: bytes, as: UTF8.self)) else {
                    return
                }
                precondition(PeerAddress(address.description) == address)
            },
            .borsh("artifact-message", ArtifactMessage.self, seeds: artifactMessages()),
            FuzzTarget(name: "frames", seeds: frameSeeds(), run: frames),
            try handshakeTarget(),
        ]
    }

    private static func completions() -> [[UInt8]] {
        [
            #"{"model":"a","prompt":"b","max_tokens":3,"stop":["c"],"temperature":0}"#,
            #"{"model":"a","messages":[{"role":"user","content":"b"}],"stream":true}"#,
        ].map { Array($0.utf8) }
    }

    private static func artifactMessages() -> [ArtifactMessage] {
        [
            .wantManifest(number: 1, .zero), .manifest(number: 2, nil),
            .wantChunk(number: 3, .zero, index: 4), .chunk(number: 5, .init(bytes: [6])),
        ]
    }

    /// What is read must be writable as a file that reads back as the same.
    private static func configuration(_ bytes: [UInt8]) {
        func read(_ text: String) -> Configuration? {
            try? EffectiveConfiguration(file: ("fuzz.toml", text), environment: [:], flags: [])
                .configuration
        }
        guard let configuration = read(String(decoding: bytes, as: UTF8.self)) else { return }
        precondition(read(configuration.template) == configuration, "the template says otherwise")
    }
}
