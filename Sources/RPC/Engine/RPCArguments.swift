import JSON
package import Primitives

/// A call's parameters matched to a method's declaration: every required one is there, and none is
/// there that is not declared. The readers below check each value's kind.
package struct RPCArguments: Sendable, Equatable {
    private let values: [String: JSON]

    package init(
        _ parameters: RPCCall.Parameters,
        declared: [RPCParameter]
    ) throws(RPCError) {
        var values: [String: JSON] = [:]
        switch parameters {
        case .positional(let list):
            guard list.count <= declared.count else {
                throw .invalidParameters("\(list.count) values for \(declared.count) parameters")
            }
            for (parameter, value) in zip(declared, list) where !value.isNull {
                values[parameter.name] = value
            }
        case .named(let object):
            for member in object.members {
                guard declared.contains(where: { $0.name == member.key }) else {
                    throw .invalidParameters("there is no parameter \"\(member.key)\"")
                }
                if !member.value.isNull { values[member.key] = member.value }
            }
        }
        for parameter in declared where parameter.isRequired && values[parameter.name] == nil {
            throw .invalidParameters("\"\(parameter.name)\" is missing")
        }
        self.values = values
    }

    package func has(_ name: String) -> Bool { values[name] != nil }

    package func digest(_ name: String) throws(RPCError) -> Digest {
        guard let value = try optionalDigest(name) else { throw missing(name) }
        return value
    }

    package func optionalDigest(_ name: String) throws(RPCError) -> Digest? {
        guard let value = values[name] else { return nil }
        guard let bytes = hexadecimal(value), let digest = Digest(bytes) else {
            throw .invalidParameters("\"\(name)\" must be 0x and 64 hexadecimal digits")
        }
        return digest
    }

    package func bytes(hexadecimal name: String) throws(RPCError) -> [UInt8] {
        guard let value = values[name] else { throw missing(name) }
        guard let bytes = hexadecimal(value) else {
            throw .invalidParameters("\"\(name)\" must be 0x and pairs of hexadecimal digits")
        }
        return bytes
    }

    package func bytes(base64 name: String) throws(RPCError) -> [UInt8] {
        guard let value = values[name] else { throw missing(name) }
        guard let text = value.string, let bytes = Base64.decode(text) else {
            throw .invalidParameters("\"\(name)\" must be base64 with padding")
        }
        return bytes
    }

    /// Nil for an absent parameter and for `latest`.
    package func height(_ name: String) throws(RPCError) -> Height? {
        guard let value = values[name], value != "latest" else { return nil }
        guard let number = value.integer(UInt64.self), number < UInt64.max else {
            throw .invalidParameters("\"\(name)\" must be a block's number or \"latest\"")
        }
        return Height(number)
    }

    package func integer(
        _ name: String,
        default fallback: UInt64,
        in range: ClosedRange<UInt64>
    ) throws(RPCError) -> UInt64 {
        guard let value = values[name] else { return fallback }
        guard let number = value.integer(UInt64.self), range.contains(number) else {
            throw .invalidParameters(
                "\"\(name)\" must be an integer from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    package func flag(_ name: String) throws(RPCError) -> Bool {
        guard let value = values[name] else { return false }
        guard let flag = value.bool else {
            throw .invalidParameters("\"\(name)\" must be true or false")
        }
        return flag
    }

    package func text(_ name: String) throws(RPCError) -> String? {
        guard let value = values[name] else { return nil }
        guard let text = value.string else {
            throw .invalidParameters("\"\(name)\" must be a string")
        }
        return text
    }

    package func choice(
        _ name: String,
        of words: [String],
        default fallback: String
    ) throws(RPCError) -> String {
        guard let word = try text(name) else { return fallback }
        guard words.contains(word) else {
            throw .invalidParameters("\"\(name)\" must be one of \(words.joined(separator: ", "))")
        }
        return word
    }

    package func missing(_ name: String) -> RPCError {
        .invalidParameters("\"\(name)\" is missing")
    }

    private func hexadecimal(_ value: JSON) -> [UInt8]? {
        guard let text = value.string, text.hasPrefix("0x") else { return nil }
        return Hex.decode(text)
    }
}
