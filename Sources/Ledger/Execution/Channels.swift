// Money that a user locks for a provider, and takes back when it is done.

import Primitives

extension BlockMachine {
    mutating func openChannel(_ body: OpenChannel, by payer: Address) throws(Abort) {
        guard body.deposit > .zero else { throw .refused(.amountZero) }
        if let adapter = body.adapter {
            guard try load(Adapter.self, at: StateKey.adapter(adapter)) != nil else {
                throw .refused(.unknownAdapter)
            }
        }
        guard let key = transaction?.key else { throw .failed(.arithmetic) }
        let id = try newID()
        try debit(payer, body.deposit)
        try store(
            Channel(
                payer: payer,
                payerKey: key,
                provider: body.provider,
                adapter: body.adapter,
                deposit: body.deposit
            ),
            at: StateKey.channel(id)
        )
        emit(
            .channelOpened,
            [
                (.channel, .digest(id)), (.account, .address(payer)),
                (.provider, .address(body.provider)), (.amount, .amount(body.deposit)),
            ]
        )
    }

    /// The provider closes at once; the payer has to leave time to settle what was served.
    mutating func closeChannel(_ id: Digest, by sender: Address) throws(Abort) {
        let key = StateKey.channel(id)
        var channel: Channel = try load(at: key, or: .unknownChannel)
        if sender == channel.provider { return try payBack(id, channel) }
        guard sender == channel.payer else { throw .refused(.notChannelParty) }
        guard channel.closes == nil else { throw .refused(.channelClosing) }
        let due = after(parameters.settlement.channelCloseHeights)
        channel.closes = due
        try store(channel, at: key)
        try schedule(.closeChannel(id), at: due)
        emit(.channelClosing, [(.channel, .digest(id)), (.height, .number(due.value))])
    }

    mutating func payBackChannel(_ id: Digest) throws(Abort) {
        // The provider may have closed it before.
        guard let channel: Channel = try load(at: StateKey.channel(id)) else { return }
        try payBack(id, channel)
    }

    private mutating func payBack(_ id: Digest, _ channel: Channel) throws(Abort) {
        try remove(Channel.self, at: StateKey.channel(id))
        try credit(channel.payer, channel.deposit)
        emit(
            .channelClosed,
            [
                (.channel, .digest(id)), (.account, .address(channel.payer)),
                (.amount, .amount(channel.deposit)),
            ]
        )
    }
}
