import Commitments
import Ledger
import Primitives

/// Answers, claims over them, settlements, and the verdicts of panels.
extension DifferentialRun {
    /// Serves some rows, or claims what was served.
    mutating func serving(_ sender: Actor) -> Action {
        let own = jobs.filter { $0.provider == sender }.suffix(3)
        for job in own where !chance(1, 6) {
            for kind in [JobKind.inference, .attribution] where !isClaimed(job, kind) {
                return claim(job, kind)
            }
        }
        let purses = naive.channels.filter { $0.value.provider == sender.address }.keys.sorted()
        guard let first = pick(purses) else {
            return .openChannel(
                OpenChannel(
                    provider: (pick(senders) ?? sender).address,
                    adapter: nil,
                    deposit: Amount(tokens: UInt64(below(3_000)))
                )
            )
        }
        let indexed = naive.adapters.filter { $0.value.isIndexed && !$0.value.isRevoked }
            .keys.sorted()
        let adapter = naive.channels[first]?.adapter ?? pick(indexed) ?? .zero
        let vouchers = chance(1, 3) ? Set([first, pick(purses) ?? first]).sorted() : [first]
        let job = Job(
            provider: sender,
            adapter: adapter,
            vouchers: vouchers,
            rows: (0...below(5)).compactMap { _ in row(adapter, vouchers) }
        )
        jobs.append(job)
        return claim(job, .inference)
    }

    private mutating func row(_ adapter: Digest, _ vouchers: [Digest]) -> SettlementRow? {
        let place = below(vouchers.count)
        let channel = vouchers[place]
        let sequence = sequences[channel, default: 0] + (chance(1, 40) ? 0 : 1)
        sequences[channel] = sequence
        let fee = Amount(units: UInt128(generator.next()) * UInt128(below(40)))
        let receipt = ReceiptSummary(
            channel: channel,
            sequence: sequence,
            adapter: adapter,
            fee: fee,
            body: fresh("body")
        )
        var shares: [ContributorShare] = []
        for user in world.users where chance(1, 3) {
            let weight = Int64(below(Int(ContributorShare.scale / 8))) * (chance(1, 4) ? -1 : 1)
            shares.append(ContributorShare(contributor: user.address, weight: weight))
        }
        return QueryAttribution(
            receipt: receipt.digest,
            fee: fee,
            scores: .zero,
            shares: shares.filter { $0.weight != 0 }
        ).map {
            SettlementRow(
                voucher: UInt16(place),
                sequence: sequence,
                body: receipt.body,
                attribution: $0
            )
        }
    }

    private mutating func claim(_ job: Job, _ kind: JobKind) -> Action {
        .submitClaim(
            SubmitClaim(
                kind: kind,
                subject: job.adapter,
                artifact: .zero,
                outputArtifact: (kind == .attribution) != chance(1, 32) ? .zero : nil,
                unitCount: UInt32(job.rows.count),
                outputRoot: Self.root(job, kind),
                bond: Amount(tokens: UInt64(9 + below(60)))
            )
        )
    }

    /// Whether there is a claim over these rows that did not fail.
    private func isClaimed(_ job: Job, _ kind: JobKind) -> Bool {
        let root = Self.root(job, kind)
        return naive.claims.values.contains {
            $0.terms.outputRoot == root && ![.rejected, .unavailable].contains($0.phase)
        }
    }

    private static func root(_ job: Job, _ kind: JobKind) -> Digest {
        outputRoot(
            of: kind == .inference
                ? job.rows.map(\.attribution.receipt) : job.rows.map(\.attribution.digest)
        )
    }

    /// Settles a job whose claims are final, if there is one. Who sends it is chance.
    mutating func settlement() -> Action {
        let final = naive.claims.filter { $0.value.phase == .final && !$0.value.isUsed }
        func find(_ job: Job, _ kind: JobKind) -> Digest? {
            let root = Self.root(job, kind)
            return final.keys.sorted().first {
                final[$0]?.terms.kind == kind && final[$0]?.terms.outputRoot == root
            }
        }
        let ready = jobs.filter { find($0, .inference) != nil && find($0, .attribution) != nil }
        guard let job = pick(ready) ?? jobs.last else { return .unjail }
        var vouchers = job.vouchers.map { channel in
            let fees = job.rows.filter { job.vouchers[Int($0.voucher)] == channel }
                .reduce(UInt128(0)) { $0 + $1.attribution.fee.units }
            let spent = naive.channels[channel]?.spent ?? 0
            let promised = spent + fees - (chance(1, 24) && fees > 0 ? 1 : 0)
            return voucher(channel, Amount(units: promised))
        }
        if chance(1, 24), let first = vouchers.first { vouchers.append(first) }
        return .settle(
            Settle(
                inferenceClaim: find(job, .inference) ?? .zero,
                attributionClaim: find(job, .attribution) ?? .zero,
                vouchers: vouchers,
                rows: chance(1, 24) ? job.rows.dropLast() : job.rows
            )
        )
    }

    private mutating func voucher(_ channel: Digest, _ amount: Amount) -> Voucher {
        let payer = naive.channels[channel]?.payer
        let actor = senders.first { $0.address == payer } ?? senders[0]
        let signer = chance(1, 24) ? senders[0] : actor
        let message = Voucher.signBytes(
            chain: world.genesis.chain,
            channel: channel,
            cumulative: amount
        )
        return Voucher(channel: channel, cumulative: amount, signature: signer.sign(message))
    }

    // MARK: Verdicts

    /// What members of panels send in this block.
    mutating func verdicts() throws -> [(Actor, Action)] {
        var sent: [(Actor, Action)] = []
        for id in naive.claims.keys.sorted() {
            guard let claim = naive.claims[id], !claim.isOver else { continue }
            for judge in claim.judges {
                guard let hot = hands[judge.hot], !chance(1, 3) else { continue }
                if [.committing, .challengeCommitting].contains(claim.phase), judge.hidden == nil {
                    sent.append((hot, vow(id, claim, judge)))
                } else if [.revealing, .challengeRevealing].contains(claim.phase),
                    judge.hidden != nil, judge.said == nil, !chance(1, 6)
                {
                    sent.append((hot, reveal(id, judge)))
                }
            }
        }
        if chance(1, 10), let hot = pick(hotKeys), let id = pick(naive.claims.keys.sorted()) {
            sent.append((hot, .commitVerdict(CommitVerdict(claim: id, digest: .zero))))
        }
        return sent
    }

    /// Claims have a truth that most members find: a digit of their id.
    private mutating func vow(
        _ id: Digest,
        _ claim: NaiveLedger.Case,
        _ judge: NaiveLedger.Judge
    ) -> Action {
        let truth: Verdict
        switch id.bytes[0] % 8 {
        case 0: truth = .invalid(unit: claim.protest?.unit ?? 0, expected: .zero)
        case 1: truth = .unavailable
        default: truth = .valid
        }
        var statement = Panel.Statement(verdict: truth, trace: World.digest("trace"))
        if chance(1, 8) {
            let others: [Verdict] = [
                .valid, .unavailable, .invalid(unit: UInt32(below(7)), expected: .zero),
            ]
            statement = Panel.Statement(
                verdict: pick(others) ?? .valid,
                trace: chance(1, 2) ? fresh("trace") : World.digest("trace")
            )
        }
        if statement.verdict == .unavailable, !chance(1, 24) {
            statement = Panel.Statement(verdict: .unavailable, trace: .zero)
        }
        vows[id, default: [:]][judge.hot] = statement
        let digest = statement.verdict.commitment(
            claim: id,
            trace: statement.trace,
            salt: .zero,
            validator: judge.owner
        )
        return .commitVerdict(CommitVerdict(claim: id, digest: digest))
    }

    private mutating func reveal(_ id: Digest, _ judge: NaiveLedger.Judge) -> Action {
        let statement = vows[id]?[judge.hot]
        return .revealVerdict(
            RevealVerdict(
                claim: id,
                verdict: statement?.verdict ?? .valid,
                trace: statement?.trace ?? .zero,
                salt: chance(1, 32) ? fresh("salt") : .zero
            )
        )
    }
}
