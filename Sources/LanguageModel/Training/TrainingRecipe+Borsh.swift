// The bytes of a recipe: at most 600, of one form each.

package import Primitives

extension TrainingRecipe: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(Self.encodingVersion)
        writer.write(numericsVersion)
        writer.write(UInt16(rank))
        writer.write(alpha.bitPattern)
        writer.write(rankStabilised)
        writer.write(dropout.bitPattern)
        writer.write(targets)
        writer.write(learningRate.bitPattern)
        writer.write(weightDecay.bitPattern)
        writer.write(UInt32(warmupSteps))
        writer.write(schedule.rawValue)
        writer.write(UInt32(steps))
        writer.write(UInt16(batchSize))
        writer.write(UInt16(accumulation))
        writer.write(places.rawValue)
        writer.write(UInt16(maxTokens))
        writer.write(lossTokens.rawValue)
        writer.write(gradientClip.bitPattern)
        writer.write(UInt16(heldOutPerMille))
        writer.writeOptional(earlyStopping)
        writer.write(UInt32(segmentSteps))
        writer.write(seed)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let version = try reader.readUInt8()
        try reader.require(version == Self.encodingVersion, "recipe version")
        let numericsVersion = try reader.readUInt16()
        let rank = Int(try reader.readUInt16())
        let alpha = try Self.real(&reader)
        let rankStabilised = try reader.readBool()
        let dropout = try Self.real(&reader)
        let targets = try TargetSelection(from: &reader)
        let learningRate = try Self.real(&reader)
        let weightDecay = try Self.real(&reader)
        let warmup = Int(try reader.readUInt32())
        let schedule: LearningRateSchedule = try Self.choice(&reader)
        let steps = Int(try reader.readUInt32())
        let batchSize = Int(try reader.readUInt16())
        let accumulation = Int(try reader.readUInt16())
        let places: BatchPlaces = try Self.choice(&reader)
        let maxTokens = Int(try reader.readUInt16())
        let lossTokens: LossTokens = try Self.choice(&reader)
        let clip = try Self.real(&reader)
        let heldOut = Int(try reader.readUInt16())
        let earlyStopping: EarlyStopping? = try reader.readOptional()
        let segmentSteps = Int(try reader.readUInt32())
        let seed = try Digest(from: &reader)
        do {
            try self.init(
                rank: rank,
                alpha: alpha,
                rankStabilised: rankStabilised,
                dropout: dropout,
                targets: targets,
                learningRate: learningRate,
                weightDecay: weightDecay,
                warmupSteps: warmup,
                schedule: schedule,
                steps: steps,
                batchSize: batchSize,
                accumulation: accumulation,
                places: places,
                maxTokens: maxTokens,
                lossTokens: lossTokens,
                gradientClip: clip,
                heldOutPerMille: heldOut,
                earlyStopping: earlyStopping,
                segmentSteps: segmentSteps,
                seed: seed,
                numericsVersion: numericsVersion
            )
        } catch {
            throw .invalidValue(offset: reader.offset, field: "training recipe")
        }
    }

    /// A float32 by its bits. Minus zero would be a second form of zero.
    static func real(_ reader: inout BorshReader) throws(BorshError) -> Float {
        let value = Float(bitPattern: try reader.readUInt32())
        try reader.require(value.sign == .plus, "recipe number")
        return value
    }

    private static func choice<Choice: RawRepresentable<UInt8>>(
        _ reader: inout BorshReader
    ) throws(BorshError) -> Choice {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        guard let choice = Choice(rawValue: tag) else {
            throw .tagOutOfRange(offset: offset, tag: tag)
        }
        return choice
    }
}

extension EarlyStopping: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(UInt32(interval))
        writer.write(UInt16(patience))
        writer.write(minimumGain.bitPattern)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        interval = Int(try reader.readUInt32())
        patience = Int(try reader.readUInt16())
        minimumGain = try TrainingRecipe.real(&reader)
    }
}
