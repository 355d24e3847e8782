/// Which node hears which: `blocked[from][to]` links carry nothing.
struct SimulatedLinks {
    private var blocked: [[Bool]]
    private let count: Int

    init(count: Int) {
        self.count = count
        blocked = Array(repeating: Array(repeating: false, count: count), count: count)
    }

    func carries(from: Int, to: Int) -> Bool { !blocked[from][to] }

    mutating func heal() { self = SimulatedLinks(count: count) }

    /// Nothing reaches the node.
    mutating func deafen(_ node: Int) { for from in 0..<count { blocked[from][node] = true } }

    /// Nothing that the node sends arrives.
    mutating func mute(_ node: Int) { for to in 0..<count { blocked[node][to] = true } }

    /// Breaks links: between two sides, from one side to the other, of one node in one direction,
    /// or here and there.
    mutating func tear(_ random: inout SimulationRandom) {
        heal()
        switch random.number(0...4) {
        case 0: split(&random, bothWays: true)
        case 1: split(&random, bothWays: false)
        case 2: deafen(random.index(below: count))
        case 3: mute(random.index(below: count))
        default:
            for from in 0..<count {
                for to in 0..<count { blocked[from][to] = random.happens(perMille: 333) }
            }
        }
    }

    private mutating func split(_ random: inout SimulationRandom, bothWays: Bool) {
        let sides = (0..<count).map { _ in random.isOn }
        for from in 0..<count {
            for to in 0..<count where sides[from] != sides[to] {
                blocked[from][to] = bothWays || sides[from]
            }
        }
    }
}
