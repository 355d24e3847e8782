package import JSON

// A missing or misshaped field ends the story with the field's name.
extension JSON {
    /// A member by its path, such as `terms.trace.units`.
    package func field(_ path: String) throws -> JSON {
        var value = self
        for key in path.split(separator: ".") {
            guard let next = value[String(key)] else {
                throw StoryFailure("an answer has no field \(path): \(compactText.prefix(300))")
            }
            value = next
        }
        return value
    }

    package func text(_ path: String) throws -> String {
        guard let text = try field(path).string else {
            throw StoryFailure("\(path) is no text: \(compactText.prefix(300))")
        }
        return text
    }

    package func count(_ path: String) throws -> Int {
        guard let count = try field(path).integer(Int.self) else {
            throw StoryFailure("\(path) is no whole number: \(compactText.prefix(300))")
        }
        return count
    }

    package func real(_ path: String) throws -> Double {
        guard let value = try field(path).double else {
            throw StoryFailure("\(path) is no number: \(compactText.prefix(300))")
        }
        return value
    }

    package func list(_ path: String) throws -> [JSON] {
        guard let list = try field(path).array else {
            throw StoryFailure("\(path) is no list: \(compactText.prefix(300))")
        }
        return list
    }

    package func flag(_ path: String) throws -> Bool {
        guard let flag = try field(path).bool else {
            throw StoryFailure("\(path) is neither true nor false: \(compactText.prefix(300))")
        }
        return flag
    }

    /// An amount: units of 10^-18 OPEN as a string of digits.
    package func money(_ path: String) throws -> Money {
        guard let units = UInt128(try text(path)) else {
            throw StoryFailure("\(path) is no amount: \(compactText.prefix(300))")
        }
        return Money(units: units)
    }
}
