import Primitives

/// Why an action stopped: the transaction's fault, or the block cannot be executed at all.
enum Abort: Error, Equatable {
    case refused(Refusal)
    case failed(LedgerError)
}

extension Amount {
    /// A sum that the fixed supply keeps from overflowing, unless a transaction names more.
    func plus(_ other: Amount) throws(Abort) -> Amount {
        do { return try adding(other) } catch { throw .refused(.overflow) }
    }

    /// A difference, refused when there is not enough.
    func minus(_ other: Amount, or refusal: Refusal) throws(Abort) -> Amount {
        do { return try subtracting(other) } catch { throw .refused(refusal) }
    }

    /// A part that is at most the whole.
    func part(perMille: UInt16) throws(Abort) -> Amount {
        do { return try scaled(by: UInt64(perMille), over: UInt64(1_000)) } catch {
            throw .failed(.arithmetic)
        }
    }

    /// Parts in proportion to weights, of which at least one is positive.
    func shared(by weights: [UInt128]) throws(Abort) -> [Amount] {
        do { return try split(weights: weights) } catch { throw .failed(.arithmetic) }
    }

    /// A difference that the rules make possible.
    func less(_ other: Amount) throws(Abort) -> Amount {
        do { return try subtracting(other) } catch { throw .failed(.arithmetic) }
    }
}
