import Primitives

extension BlockMachine {
    mutating func transfer(_ body: Transfer, from sender: Address) throws(Abort) {
        guard body.amount > .zero else { throw .refused(.amountZero) }
        try debit(sender, body.amount)
        try credit(body.to, body.amount)
        emit(
            .transfer,
            [
                (.sender, .address(sender)), (.account, .address(body.to)),
                (.amount, .amount(body.amount)),
            ]
        )
    }
}
