// What a builder commits beside an adapter's files: everything that its bits derive from.

package import Attribution
package import LanguageModel
package import Primitives

/// The recipe bytes of an adapter on chain.
package struct AdapterRecipe: Sendable, Equatable {
    package let training: TrainingRecipe
    package let rows: RowFormat
    package let damping: DampingRule

    /// The projection's signs come from the training seed, in a domain of their own.
    ///
    /// Returns nil when `projectionColumns` is out of range.
    package init?(
        training: TrainingRecipe,
        projectionColumns: Int,
        damping: DampingRule = .current
    ) {
        guard
            let rows = RowFormat(projectionColumns: projectionColumns, seed: training.seed)
        else { return nil }
        self.training = training
        self.rows = rows
        self.damping = damping
    }

    /// Runs of steps that are verified one by one; a run that stops early has fewer.
    package var unitCount: Int { training.segmentCount }
}

extension AdapterRecipe: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(training)
        writer.write(UInt32(rows.projectionColumns))
        // Recipes of the first rule end here, so nothing may be written behind a recipe.
        if damping != .three { writer.write(damping.rawValue) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let training = try TrainingRecipe(from: &reader)
        let columns = Int(try reader.readUInt32())
        var damping = DampingRule.three
        if reader.remaining > 0 {
            guard let rule = DampingRule(rawValue: try reader.readUInt8()), rule != .three else {
                throw .invalidValue(offset: reader.offset, field: "damping rule")
            }
            damping = rule
        }
        let recipe = AdapterRecipe(
            training: training,
            projectionColumns: columns,
            damping: damping
        )
        guard let recipe else {
            throw .invalidValue(offset: reader.offset, field: "projection columns")
        }
        self = recipe
    }
}
