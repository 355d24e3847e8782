/// Why a text is not the JSON that we accept. Offsets count bytes from the start.
package enum JSONError: Error, Equatable {
    case tooLong(bytes: Int, limit: Int)
    case tooDeep(offset: Int, limit: Int)
    case unexpectedEnd
    case unexpectedByte(UInt8, offset: Int)
    case trailingBytes(offset: Int)
    case invalidNumber(offset: Int)
    case invalidEscape(offset: Int)
    case invalidUTF8(offset: Int)
    case controlCharacter(offset: Int)
    case duplicateKey(String, offset: Int)
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLong(let bytes, let limit): "\(bytes) bytes of JSON exceed the limit of \(limit)"
        case .tooDeep(let offset, let limit):
            "more than \(limit) levels of nesting at byte \(offset)"
        case .unexpectedEnd: "the JSON text ends too early"
        case .unexpectedByte(let byte, let offset):
            "unexpected byte 0x\(String(byte, radix: 16)) at byte \(offset)"
        case .trailingBytes(let offset): "more text follows the JSON value at byte \(offset)"
        case .invalidNumber(let offset): "malformed number at byte \(offset)"
        case .invalidEscape(let offset): "malformed escape at byte \(offset)"
        case .invalidUTF8(let offset): "invalid UTF-8 in the string at byte \(offset)"
        case .controlCharacter(let offset): "unescaped control character at byte \(offset)"
        case .duplicateKey(let key, let offset):
            "the key \"\(key)\" occurs twice, again at byte \(offset)"
        }
    }
}
