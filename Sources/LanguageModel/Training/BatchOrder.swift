// The order in which a run sees its records.

import ExactMath

/// An endless sequence of epochs over places, each epoch a permutation from the seed. A step takes
/// the next `batchSize · accumulation` places, so it can be made without those before it.
struct BatchOrder: Sendable {
    /// Records that share a place, by their position.
    let places: [[Int]]
    private let recipe: TrainingRecipe

    /// How many places a record may still join while packing.
    private static let openPlaces = 64

    init(_ recipe: TrainingRecipe, lengths: [Int]) {
        self.recipe = recipe
        switch recipe.places {
        case .records: places = lengths.indices.map { [$0] }
        case .packed: places = Self.packed(lengths, recipe)
        }
    }

    /// First fit: each record, in an order from the seed, joins the first of the last 64 places
    /// that has room, or begins another. Places keep their records over all epochs.
    private static func packed(_ lengths: [Int], _ recipe: TrainingRecipe) -> [[Int]] {
        var generator = KeyedGenerator(seed: recipe.seed, domain: SeedDomain.packing)
        var places: [[Int]] = []
        var room: [Int] = []
        for record in generator.permutation(lengths.count) {
            let open = max(0, places.count - openPlaces)..<places.count
            if let place = open.first(where: { room[$0] >= lengths[record] }) {
                places[place].append(record)
                room[place] -= lengths[record]
            } else {
                places.append([record])
                room.append(recipe.maxTokens - lengths[record])
            }
        }
        return places
    }

    /// The records of each batch of one step.
    func batches(step: Int) -> [[Int]] {
        let count = recipe.batchSize * recipe.accumulation
        var epoch = -1
        var order: [Int] = []
        var chosen: [[Int]] = []
        for position in step * count..<(step + 1) * count {
            if position / places.count != epoch {
                epoch = position / places.count
                var generator = KeyedGenerator(
                    seed: recipe.seed,
                    domain: SeedDomain.dataOrder,
                    stream: UInt64(epoch)
                )
                order = generator.permutation(places.count)
            }
            chosen.append(places[order[position % places.count]])
        }
        return (0..<recipe.accumulation).map { batch in
            chosen[batch * recipe.batchSize..<(batch + 1) * recipe.batchSize].flatMap { $0 }
        }
    }
}
