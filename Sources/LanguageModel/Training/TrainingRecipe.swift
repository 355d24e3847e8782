// Everything that a training run derives from: with the model and the records, it fixes every bit.

package import Primitives

/// How the learning rate moves after the warm-up.
package enum LearningRateSchedule: UInt8, Sendable {
    case constant = 0
    /// Falls in a straight line to zero after the last step.
    case linear
    /// Falls along half a cosine to zero after the last step.
    case cosine
}

/// A committed recipe of a LoRA run.
///
/// Invariants: see `init`; targets are sorted without repetition.
package struct TrainingRecipe: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        case outOfRange(String)
        case unknownNumericsVersion(UInt16)
    }

    /// The version of docs/numerics.md that this code computes.
    package static let currentNumericsVersion: UInt16 = 1

    package let numericsVersion: UInt16
    package let rank: Int
    package let alpha: Float
    package let targets: [LinearLayer]
    package let learningRate: Float
    package let weightDecay: Float
    package let warmupSteps: Int
    package let schedule: LearningRateSchedule
    package let steps: Int
    package let batchSize: Int
    /// Records are cut to this many tokens; those left without a target are not used.
    package let maxTokens: Int
    /// The largest norm of a batch's gradient; 0 leaves gradients as they are.
    package let gradientClip: Float
    /// Steps in one verifiable unit.
    package let segmentSteps: Int
    /// Source of the initial adapter and of the order of records.
    package let seed: Digest

    package init(
        rank: Int,
        alpha: Float,
        targets: [LinearLayer] = [.query, .value],
        learningRate: Float,
        weightDecay: Float = 0,
        warmupSteps: Int = 0,
        schedule: LearningRateSchedule = .constant,
        steps: Int,
        batchSize: Int,
        maxTokens: Int,
        gradientClip: Float = 1,
        segmentSteps: Int,
        seed: Digest,
        numericsVersion: UInt16 = Self.currentNumericsVersion
    ) throws(Failure) {
        let sorted = targets.sorted()
        let conditions: [(Bool, String)] = [
            ((1...LoRAAdapter.maximumRank).contains(rank), "rank"),
            (alpha > 0 && alpha <= 65536, "alpha"),
            (!sorted.isEmpty && zip(sorted, sorted.dropFirst()).allSatisfy { $0 < $1 }, "targets"),
            (learningRate > 0 && learningRate <= 1, "learningRate"),
            (weightDecay >= 0 && weightDecay <= 1, "weightDecay"),
            ((0...1_000_000).contains(warmupSteps), "warmupSteps"),
            ((1...1_000_000).contains(steps), "steps"),
            ((1...1024).contains(batchSize), "batchSize"),
            ((2...65535).contains(maxTokens), "maxTokens"),
            (gradientClip >= 0 && gradientClip <= 65536, "gradientClip"),
            (segmentSteps >= 1 && segmentSteps <= steps, "segmentSteps"),
        ]
        for (holds, name) in conditions where !holds { throw .outOfRange(name) }
        guard numericsVersion == Self.currentNumericsVersion else {
            throw .unknownNumericsVersion(numericsVersion)
        }
        self.numericsVersion = numericsVersion
        self.rank = rank
        self.alpha = alpha
        self.targets = sorted
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.warmupSteps = warmupSteps
        self.schedule = schedule
        self.steps = steps
        self.batchSize = batchSize
        self.maxTokens = maxTokens
        self.gradientClip = gradientClip
        self.segmentSteps = segmentSteps
        self.seed = seed
    }

    /// Units of the run: the last one may be shorter.
    package var segmentCount: Int { (steps + segmentSteps - 1) / segmentSteps }

    /// The steps of one unit.
    /// - Precondition: `index < segmentCount`.
    package func segment(_ index: Int) -> Range<Int> {
        precondition((0..<segmentCount).contains(index))
        return index * segmentSteps..<min(steps, (index + 1) * segmentSteps)
    }
}

extension TrainingRecipe: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(numericsVersion)
        writer.write(UInt16(rank))
        writer.write(alpha.bitPattern)
        writer.writeArray(targets)
        writer.write(learningRate.bitPattern)
        writer.write(weightDecay.bitPattern)
        writer.write(UInt32(warmupSteps))
        writer.write(schedule.rawValue)
        writer.write(UInt32(steps))
        writer.write(UInt16(batchSize))
        writer.write(UInt16(maxTokens))
        writer.write(gradientClip.bitPattern)
        writer.write(UInt32(segmentSteps))
        writer.write(seed)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let version = try reader.readUInt16()
        let rank = Int(try reader.readUInt16())
        let alpha = Float(bitPattern: try reader.readUInt32())
        let targets = try reader.readArray(
            of: LinearLayer.self,
            limit: LinearLayer.allCases.count
        )
        let learningRate = Float(bitPattern: try reader.readUInt32())
        let weightDecay = Float(bitPattern: try reader.readUInt32())
        let warmup = Int(try reader.readUInt32())
        let offset = reader.offset
        let tag = try reader.readUInt8()
        guard let schedule = LearningRateSchedule(rawValue: tag) else {
            throw .tagOutOfRange(offset: offset, tag: tag)
        }
        let steps = Int(try reader.readUInt32())
        let batchSize = Int(try reader.readUInt16())
        let maxTokens = Int(try reader.readUInt16())
        let clip = Float(bitPattern: try reader.readUInt32())
        let segmentSteps = Int(try reader.readUInt32())
        let seed = try Digest(from: &reader)
        try reader.require(targets == targets.sorted(), "targets")
        do {
            try self.init(
                rank: rank,
                alpha: alpha,
                targets: targets,
                learningRate: learningRate,
                weightDecay: weightDecay,
                warmupSteps: warmup,
                schedule: schedule,
                steps: steps,
                batchSize: batchSize,
                maxTokens: maxTokens,
                gradientClip: clip,
                segmentSteps: segmentSteps,
                seed: seed,
                numericsVersion: version
            )
        } catch {
            throw .invalidValue(offset: reader.offset, field: "training recipe")
        }
    }
}
