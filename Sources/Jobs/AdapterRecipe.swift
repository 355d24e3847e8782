// What a builder commits beside an adapter's files: everything that its bits derive from.

package import Attribution
package import LanguageModel
package import Primitives

/// The recipe bytes of an adapter on chain.
package struct AdapterRecipe: Sendable, Equatable {
    package let training: TrainingRecipe
    package let rows: RowFormat

    /// The projection's signs come from the training seed, in a domain of their own.
    ///
    /// Returns nil when `projectionColumns` is out of range.
    package init?(training: TrainingRecipe, projectionColumns: Int) {
        guard
            let rows = RowFormat(projectionColumns: projectionColumns, seed: training.seed)
        else { return nil }
        self.training = training
        self.rows = rows
    }

    /// Runs of steps that are verified one by one; a run that stops early has fewer.
    package var unitCount: Int { training.segmentCount }
}

extension AdapterRecipe: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(training)
        writer.write(UInt32(rows.projectionColumns))
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let training = try TrainingRecipe(from: &reader)
        let columns = Int(try reader.readUInt32())
        guard let recipe = AdapterRecipe(training: training, projectionColumns: columns) else {
            throw .invalidValue(offset: reader.offset, field: "projection columns")
        }
        self = recipe
    }
}
