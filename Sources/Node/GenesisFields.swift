import JSON
import Primitives

/// An object of a genesis document whose members are read one by one; those that nobody asked for
/// are refused, because a misspelt parameter would change the chain silently.
final class GenesisFields {
    private let object: JSONObject
    /// Where the object stands, such as `parameters.staking`; empty for the document.
    private let path: String
    private var asked: Set<String> = []

    init(_ value: JSON?, path: String) throws(GenesisFileError) {
        guard let object = value?.object else { throw .wrongKind(path, expected: "an object") }
        self.object = object
        self.path = path
    }

    func place(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    func value(_ key: String) throws(GenesisFileError) -> JSON {
        asked.insert(key)
        guard let value = object[key] else { throw .missing(place(key)) }
        return value
    }

    func fields(_ key: String) throws(GenesisFileError) -> GenesisFields {
        try GenesisFields(try value(key), path: place(key))
    }

    func list(_ key: String) throws(GenesisFileError) -> [GenesisFields] {
        guard let array = try value(key).array else {
            throw .wrongKind(place(key), expected: "an array")
        }
        var list: [GenesisFields] = []
        for (index, element) in array.enumerated() {
            list.append(try GenesisFields(element, path: place("\(key)[\(index)]")))
        }
        return list
    }

    func integer<T: FixedWidthInteger>(_ key: String) throws(GenesisFileError) -> T {
        guard let number = try value(key).integer(T.self) else {
            throw .wrongKind(place(key), expected: "an integer from \(T.min) to \(T.max)")
        }
        return number
    }

    func text(_ key: String) throws(GenesisFileError) -> String {
        guard let text = try value(key).string else {
            throw .wrongKind(place(key), expected: "a string")
        }
        return text
    }

    /// An amount is written with its unit, as `12.5 OPEN`.
    func amount(_ key: String) throws(GenesisFileError) -> Amount {
        let text = try text(key)
        guard text.hasSuffix(" OPEN"), let amount = try? Amount(decimal: String(text.dropLast(5)))
        else { throw .wrongKind(place(key), expected: "an amount such as \"12.5 OPEN\"") }
        return amount
    }

    func address(_ key: String, _ prefix: AddressPrefix) throws(GenesisFileError) -> Address {
        guard let address = try? Address(text: try text(key), prefix) else {
            throw .wrongKind(
                place(key),
                expected: "an address that begins with \(prefix.rawValue)1"
            )
        }
        return address
    }

    func publicKey(_ key: String) throws(GenesisFileError) -> PublicKey {
        guard let bytes = Hex.decode(try text(key)), let publicKey = PublicKey(bytes) else {
            throw .wrongKind(place(key), expected: "0x and 64 hexadecimal digits")
        }
        return publicKey
    }

    func finish() throws(GenesisFileError) {
        guard let unknown = object.keys.first(where: { !asked.contains($0) }) else { return }
        throw .unknown(place(unknown))
    }
}
