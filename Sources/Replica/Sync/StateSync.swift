// Joining by a snapshot: whom to ask for what, and what to believe. Nothing that a peer says is used
// before it has been checked against the trusted header, so peers can only cost time; each failure
// costs its peer its place, and the deadline ends it all.

package import LightClient
package import Primitives
import StateTree

/// What the operator trusts and how long things may take.
package struct StateSyncConfiguration: Sendable {
    package var root: TrustedHeader
    /// A block that is trusted instead of `root`; the first peer that has it shows it.
    package var checkpoint: Checkpoint?
    package var rules: LightClientRules
    /// Offers below are of no use.
    package var minimumHeight: Height
    package var deadlineMilliseconds: UInt64
    package var answerMilliseconds: UInt64
    /// How long offers are collected before one is chosen.
    package var chooseMilliseconds: UInt64
    /// Rounds of asking before it is concluded that nobody offers anything.
    package var offerRounds: Int

    package init(
        root: TrustedHeader,
        rules: LightClientRules,
        minimumHeight: Height = Height(1),
        deadlineMilliseconds: UInt64 = 600_000,
        answerMilliseconds: UInt64 = 5_000,
        chooseMilliseconds: UInt64 = 1_000,
        offerRounds: Int = 10
    ) {
        self.root = root
        self.rules = rules
        self.minimumHeight = minimumHeight
        self.deadlineMilliseconds = deadlineMilliseconds
        self.answerMilliseconds = answerMilliseconds
        self.chooseMilliseconds = chooseMilliseconds
        self.offerRounds = offerRounds
    }
}

/// The life of a join: collect offers; follow headers to the best one with the help of one peer; ask
/// the others whether they know the same header; fetch the state from all who offer it; hand it over.
package struct StateSync: Sendable {
    /// Questions under way to one peer at a time.
    static let requestsPerPeer = 3
    /// Unanswered questions after which a peer is not asked for parts any more.
    static let failureLimit = 3

    struct Peer: Sendable {
        let id: PeerID
        /// A peer that went is remembered: coming back does not clear its name.
        var isConnected = true
        var offers: [Height] = []
        var failures = 0
        var asked = 0
        /// Heights at which its headers did not hold.
        var refuted: [Height] = []
    }

    enum Question: Sendable, Equatable {
        case offers
        case header(Height)
        /// Of a peer that is not the guide, to compare.
        case witness(Height)
        case part(NibblePath)
    }

    struct Asked: Sendable {
        let peer: PeerID
        let question: Question
    }

    enum Phase: Sendable {
        case collecting(round: Int)
        /// Waiting for the checkpoint's block, to follow headers from it to a height.
        case anchoring(PeerID, Height)
        /// Following headers by one peer's blocks.
        case following(PeerID, Height, SkippingVerification)
        /// Asking the others about the header.
        case comparing(LightBlock, [LightBlock], [PeerID: WitnessComparison])
        case assembling(LightBlock, TreeAssembly)
        case over
    }

    let configuration: StateSyncConfiguration
    /// Ascending by id.
    var peers: [Peer] = []
    var phase = Phase.collecting(round: 0)
    /// What headers are followed from; nil until a peer has shown the checkpoint's block.
    var root: TrustedHeader?
    var asked: [UInt64: Asked] = [:]
    var number: UInt64 = 0
    var now: UInt64 = 0
    var effects: [StateSyncEffect] = []
    private var hasStarted = false

    package init(configuration: StateSyncConfiguration) {
        self.configuration = configuration
        if configuration.checkpoint == nil { root = configuration.root }
    }

    /// Takes one input.
    ///
    /// - Parameter now: milliseconds since 1970 by this node's clock.
    package mutating func step(_ input: StateSyncInput, now: UInt64) -> [StateSyncEffect] {
        self.now = now
        defer { effects = [] }
        if !hasStarted { start() }
        if case .over = phase { return effects }
        switch input {
        case .connected(let peer): connect(peer)
        case .disconnected(let peer): disconnect(peer)
        case .message(let message, let peer): receive(message, from: peer)
        case .timer(let timer): fire(timer)
        }
        return effects
    }

    private mutating func start() {
        hasStarted = true
        effects.append(
            .schedule(.deadline, afterMilliseconds: configuration.deadlineMilliseconds)
        )
        effects.append(.schedule(.choose, afterMilliseconds: configuration.chooseMilliseconds))
        guard let root else { return }
        do { try configuration.rules.checkAge(of: root, now: now) } catch { fail(.trust(error)) }
    }

    private mutating func connect(_ id: PeerID) {
        if let place = place(of: id) {
            peers[place].isConnected = true
        } else {
            let place = peers.firstIndex { $0.id > id } ?? peers.count
            peers.insert(Peer(id: id), at: place)
        }
        ask(id, .offers)
        if case .assembling = phase { requestParts() }
    }

    private mutating func disconnect(_ id: PeerID) {
        guard let place = place(of: id) else { return }
        peers[place].isConnected = false
        let lost = asked.filter { $0.value.peer == id }.map(\.key).sorted()
        for number in lost { expire(number) }
    }

    private mutating func fire(_ timer: StateSyncTimer) {
        switch timer {
        case .answer(let number): expire(number)
        case .choose: choose()
        case .deadline:
            var entries = 0
            if case .assembling(_, let assembly) = phase { entries = assembly.entryCount }
            fail(.deadline(entries: entries))
        }
    }

    private mutating func receive(_ message: StateSyncMessage, from peer: PeerID) {
        guard let found = asked[message.number], found.peer == peer else { return }
        switch (message, found.question) {
        case (.offers(_, let heights), .offers):
            forget(message.number)
            if let place = place(of: peer) {
                peers[place].offers = heights.filter { $0 >= configuration.minimumHeight }
            }
            if case .assembling = phase { requestParts() }
        case (.header(_, let block), .header):
            forget(message.number)
            follow(block, of: peer)
        case (.header(_, let block), .witness):
            forget(message.number)
            compare(block, of: peer)
        case (.part(_, let part), .part(let path)):
            forget(message.number)
            take(part, at: path, of: peer)
        default: return
        }
    }

    /// A question that will not be answered any more.
    private mutating func expire(_ number: UInt64) {
        guard let lost = asked[number] else { return }
        forget(number)
        if let place = place(of: lost.peer) { peers[place].failures += 1 }
        switch lost.question {
        case .offers: break
        case .header: follow(nil, of: lost.peer)
        case .witness: compare(nil, of: lost.peer)
        case .part: requestParts()
        }
    }

    // MARK: - Questions

    @discardableResult
    mutating func ask(_ peer: PeerID, _ question: Question) -> Bool {
        guard let place = place(of: peer) else { return false }
        number += 1
        asked[number] = Asked(peer: peer, question: question)
        peers[place].asked += 1
        let message: StateSyncMessage
        switch question {
        case .offers: message = .wantOffers(number: number)
        case .header(let height), .witness(let height):
            message = .wantHeader(number: number, height)
        case .part(let path):
            guard case .assembling(let block, _) = phase else { return false }
            message = .wantPart(number: number, block.height, path)
        }
        effects.append(.send(message, to: peer))
        effects.append(
            .schedule(.answer(number), afterMilliseconds: configuration.answerMilliseconds)
        )
        return true
    }

    private mutating func forget(_ number: UInt64) {
        guard let found = asked.removeValue(forKey: number) else { return }
        if let place = place(of: found.peer) { peers[place].asked -= 1 }
    }

    func place(of peer: PeerID) -> Int? { peers.firstIndex { $0.id == peer } }

    mutating func fail(_ failure: StateSyncFailure) {
        phase = .over
        effects.append(.fail(failure))
    }
}
