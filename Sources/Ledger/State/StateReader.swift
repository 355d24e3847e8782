/// The last committed state, as a map from keys to values.
package protocol StateReader {
    func value(_ key: [UInt8]) throws(StateReadError) -> [UInt8]?
}

/// The store could not answer; the node must stop, not guess.
package struct StateReadError: Error, Equatable {
    package let key: [UInt8]
    package init(key: [UInt8]) { self.key = key }
}

/// One write: a new value, or nil for a removal.
package struct StateChange: Sendable, Hashable {
    package let key: [UInt8]
    package let value: [UInt8]?

    package init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}
