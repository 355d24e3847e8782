import Voting

/// Who hears whom in which round (Bano et al., "Twins: BFT systems made robust", 2022): the players
/// of each round lie in cells, and messages of that round stay within them until all is healed.
struct TwinsSchedule {
    /// `cells[round][player]`.
    private let cells: [[UInt8]]

    init(rounds: Int, players: Int, _ random: inout SimulationRandom) {
        var cells: [[UInt8]] = []
        for _ in 0..<rounds {
            let count = random.number(1...3)
            cells.append((0..<players).map { _ in UInt8(random.number(1...count)) })
        }
        self.cells = cells
    }

    var rounds: Int { cells.count }

    func carries(_ round: Round, from: Int, to: Int) -> Bool {
        let place = Int(round.value)
        return place >= cells.count || cells[place][from] == cells[place][to]
    }
}
