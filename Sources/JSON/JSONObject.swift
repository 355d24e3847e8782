/// The members of a JSON object, in order, each key once. Keys are compared by their bytes.
package struct JSONObject: Sendable {
    package struct Member: Sendable, Equatable {
        package let key: String
        package let value: JSON

        package init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }

        package static func == (left: Member, right: Member) -> Bool {
            Key(left.key) == Key(right.key) && left.value == right.value
        }
    }

    /// A string that is equal to another only if its bytes are.
    private struct Key: Hashable {
        let text: String

        init(_ text: String) { self.text = text }

        static func == (left: Key, right: Key) -> Bool {
            left.text.utf8.elementsEqual(right.text.utf8)
        }

        func hash(into hasher: inout Hasher) {
            for byte in text.utf8 { hasher.combine(byte) }
        }
    }

    package let members: [Member]
    /// Built only where a linear search would be slow; a vocabulary has 50,000 members.
    private let index: [Key: Int]
    private static let linearLimit = 8

    /// Nil if a key occurs twice.
    package init?(unique members: [Member]) {
        self.members = members
        guard members.count > Self.linearLimit else {
            index = [:]
            for (position, member) in members.enumerated() {
                let key = Key(member.key)
                for other in members[..<position] where Key(other.key) == key { return nil }
            }
            return
        }
        var index: [Key: Int] = [:]
        index.reserveCapacity(members.count)
        for (position, member) in members.enumerated() {
            guard index.updateValue(position, forKey: Key(member.key)) == nil else { return nil }
        }
        self.index = index
    }

    /// - Precondition: no key occurs twice.
    package init(_ members: [Member]) {
        guard let object = JSONObject(unique: members) else {
            preconditionFailure("an object is built with one member twice")
        }
        self = object
    }

    package var count: Int { members.count }
    package var keys: [String] { members.map(\.key) }

    package subscript(key: String) -> JSON? {
        let wanted = Key(key)
        guard members.count > Self.linearLimit else {
            return members.first { Key($0.key) == wanted }?.value
        }
        return index[wanted].map { members[$0].value }
    }
}

extension JSONObject: Equatable {
    /// Order counts: two objects are equal if they are written alike.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members == right.members
    }
}
