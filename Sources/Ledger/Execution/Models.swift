// Base models and adapters. Whoever commits to an adapter first owns it.

import Primitives

extension BlockMachine {
    mutating func registerModel(_ body: RegisterModel, by owner: Address) throws(Abort) {
        guard !body.name.isEmpty else { throw .refused(.emptyName) }
        guard body.feeSharePerMille <= parameters.settlement.modelOwnerPerMille else {
            throw .refused(.feeShareTooHigh)
        }
        let rootKey = StateKey.modelRoot(body.weightsRoot)
        guard try load(Digest.self, at: rootKey) == nil else { throw .refused(.duplicateModel) }
        let id = try newID()
        try store(id, at: rootKey)
        try store(Model(owner: owner, terms: body, registered: height), at: StateKey.model(id))
        emit(.modelRegistered, [(.model, .digest(id)), (.account, .address(owner))])
    }

    mutating func commitAdapter(_ body: CommitAdapter, by owner: Address) throws(Abort) {
        guard !body.name.isEmpty else { throw .refused(.emptyName) }
        guard try load(Model.self, at: StateKey.model(body.model)) != nil else {
            throw .refused(.unknownModel)
        }
        let snapshot: Snapshot = try load(
            at: StateKey.snapshot(body.snapshot),
            or: .unknownSnapshot
        )
        guard body.bond >= parameters.claims.minimumAdapterBond else {
            throw .refused(.bondTooSmall)
        }
        let limit = parameters.claims.maxUnits
        guard body.trace.units <= limit, body.index.units <= limit else {
            throw .refused(.tooManyUnits)
        }
        let rootKey = StateKey.adapterRoot(body.canonicalRoot)
        guard try load(Digest.self, at: rootKey) == nil else {
            throw .refused(.duplicateAdapter)
        }
        try debit(owner, body.bond)
        let id = try newID()
        try store(id, at: rootKey)
        try store(
            Adapter(owner: owner, terms: body, datanet: snapshot.datanet, committed: height),
            at: StateKey.adapter(id)
        )
        emit(
            .adapterCommitted,
            [
                (.adapter, .digest(id)), (.account, .address(owner)),
                (.model, .digest(body.model)), (.snapshot, .digest(body.snapshot)),
            ]
        )
    }

    mutating func revokeAdapter(_ id: Digest, by sender: Address) throws(Abort) {
        let key = StateKey.adapter(id)
        var adapter: Adapter = try load(at: key, or: .unknownAdapter)
        guard adapter.owner == sender else { throw .refused(.notOwner) }
        guard !adapter.isRevoked else { throw .refused(.adapterRevoked) }
        // A bond stays until everything that it vouches for is decided.
        guard adapter.openClaims == 0 else { throw .refused(.claimOpen) }
        adapter.isRevoked = true
        try returnBond(of: &adapter)
        try store(adapter, at: key)
        emit(.adapterRevoked, [(.adapter, .digest(id)), (.reason, .text("owner"))])
    }

    /// Pays an adapter's bond back to its owner. The caller stores the adapter.
    mutating func returnBond(of adapter: inout Adapter) throws(Abort) {
        try credit(adapter.owner, adapter.bond)
        adapter.bond = .zero
    }
}
