import JSON
import Primitives
import Wallet

extension FuzzTarget {
    static func textTargets() -> [FuzzTarget] {
        let texts = [
            #"{"jsonrpc":"2.0","id":1,"method":"tx_broadcast","params":["0x00",{"a":[1,-2.5e3]}]}"#,
            #"[{"jsonrpc":"2.0","id":"x","method":"a"},null,true,"\u00e9\ud83d\ude00"]"#,
        ]
        return [
            FuzzTarget(name: "json", seeds: texts.map { Array($0.utf8) }) { bytes in
                guard let value = try? JSON.parse(bytes) else { return }
                let written = value.compactBytes
                let again = try? JSON.parse(written)
                precondition(again == value, "a value does not read back as itself")
                precondition(again?.compactBytes == written, "a value is written in two ways")
            },
            FuzzTarget(name: "address", seeds: addresses()) { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                if let (prefix, data) = try? Bech32m.decode(text) {
                    precondition(Bech32m.encode(prefix: prefix, data) == text.lowercased())
                }
                if let decoded = Hex.decode(text) {
                    precondition(Hex.encode(decoded) == text.lowercased())
                }
                if let amount = try? Amount(decimal: text) {
                    precondition((try? Amount(decimal: amount.decimal)) == amount)
                }
            },
            FuzzTarget(name: "wallet", seeds: phrases()) { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                if let mnemonic = try? Mnemonic(phrase: text) {
                    precondition((try? Mnemonic(phrase: mnemonic.phrase)) == mnemonic)
                }
                if let path = try? DerivationPath(text) {
                    precondition((try? DerivationPath(path.description)) == path)
                }
            },
        ]
    }

    private static func addresses() -> [[UInt8]] {
        let data = [UInt8](repeating: 7, count: 20)
        let address = Bech32m.encode(prefix: "open", data)
        return [address, "0x00ff", "12.000000000000000001"].map { Array($0.utf8) }
    }

    private static func phrases() -> [[UInt8]] {
        let mnemonic = try? Mnemonic(entropy: [UInt8](repeating: 0, count: 16))
        return [mnemonic?.phrase ?? "", "m/44'/1'/0'"].map { Array($0.utf8) }
    }
}
