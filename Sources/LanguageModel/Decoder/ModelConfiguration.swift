// The shape of a base model. It is part of a registered model, so it has one canonical encoding.

package import Primitives

/// The family and the sizes of a decoder.
///
/// Invariants: every dimension is positive and at most its limit; `heads` is a multiple of
/// `kvHeads`, and equal to it where one matrix gives q, k and v; `headDimension` is even; token ids
/// are inside the vocabulary; rope divisors are absent or one for each pair of a head.
package struct ModelConfiguration: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        case dimensionOutOfRange(String, Int)
        case headsNotAMultiple(heads: Int, kvHeads: Int)
        case oddHeadDimension(Int)
        case realOutOfRange(String, Double)
        case tokenOutOfRange(Int)
        case wrongDivisorCount(Int, expected: Int)
    }

    package let family: DecoderFamily
    package let hiddenSize: Int
    package let layers: Int
    package let heads: Int
    package let kvHeads: Int
    package let headDimension: Int
    package let intermediateSize: Int
    package let vocabulary: Int
    package let contextLength: Int
    package let ropeBase: Double
    /// What each rotary frequency is divided by (Llama 3's and linear scaling); empty for none.
    package let ropeDivisors: [Float]
    package let normEpsilon: Double
    /// Whether the head reuses the embedding, so that no `lm_head.weight` exists.
    package let tiedEmbeddings: Bool
    package let beginningOfSequence: Int?
    /// Tokens that end a generation; at most 16.
    package let endOfSequence: [Int]

    package init(
        family: DecoderFamily = .llama,
        hiddenSize: Int,
        layers: Int,
        heads: Int,
        kvHeads: Int,
        headDimension: Int,
        intermediateSize: Int,
        vocabulary: Int,
        contextLength: Int,
        ropeBase: Double,
        ropeDivisors: [Float] = [],
        normEpsilon: Double,
        tiedEmbeddings: Bool,
        beginningOfSequence: Int?,
        endOfSequence: [Int]
    ) throws(Failure) {
        self.family = family
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.heads = heads
        self.kvHeads = kvHeads
        self.headDimension = headDimension
        self.intermediateSize = intermediateSize
        self.vocabulary = vocabulary
        self.contextLength = contextLength
        self.ropeBase = ropeBase
        self.ropeDivisors = ropeDivisors
        self.normEpsilon = normEpsilon
        self.tiedEmbeddings = tiedEmbeddings
        self.beginningOfSequence = beginningOfSequence
        self.endOfSequence = endOfSequence
        try validate()
    }

    private func validate() throws(Failure) {
        let limits = [
            ("hiddenSize", hiddenSize, 1 << 16), ("layers", layers, 1 << 10),
            ("heads", heads, 1 << 10), ("kvHeads", kvHeads, 1 << 10),
            ("headDimension", headDimension, 1 << 10),
            ("intermediateSize", intermediateSize, 1 << 18), ("vocabulary", vocabulary, 1 << 20),
            ("contextLength", contextLength, 1 << 20),
        ]
        for (name, value, limit) in limits where !(1...limit).contains(value) {
            throw .dimensionOutOfRange(name, value)
        }
        guard heads.isMultiple(of: kvHeads) else {
            throw .headsNotAMultiple(heads: heads, kvHeads: kvHeads)
        }
        if description.attentionInput == [.fusedAttention], kvHeads != heads {
            throw .headsNotAMultiple(heads: heads, kvHeads: kvHeads)
        }
        guard headDimension.isMultiple(of: 2) else { throw .oddHeadDimension(headDimension) }
        guard ropeBase >= 1, ropeBase <= 1e12 else { throw .realOutOfRange("ropeBase", ropeBase) }
        guard normEpsilon >= 0, normEpsilon <= 1 else {
            throw .realOutOfRange("normEpsilon", normEpsilon)
        }
        guard endOfSequence.count <= 16 else {
            throw .dimensionOutOfRange("endOfSequence", endOfSequence.count)
        }
        for token in endOfSequence + (beginningOfSequence.map { [$0] } ?? [])
        where !(0..<vocabulary).contains(token) {
            throw .tokenOutOfRange(token)
        }
        guard ropeDivisors.isEmpty || ropeDivisors.count == headDimension / 2 else {
            throw .wrongDivisorCount(ropeDivisors.count, expected: headDimension / 2)
        }
        for divisor in ropeDivisors where !(divisor >= 0x1p-10 && divisor <= 0x1p20) {
            throw .realOutOfRange("ropeDivisors", Double(divisor))
        }
    }

    package var queryWidth: Int { heads * headDimension }
    package var keyWidth: Int { kvHeads * headDimension }
}

extension ModelConfiguration: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        let dimensions = [
            hiddenSize, layers, heads, kvHeads, headDimension, intermediateSize, vocabulary,
            contextLength,
        ]
        for dimension in dimensions { writer.write(UInt32(dimension)) }
        writer.write(ropeBase.bitPattern)
        writer.write(normEpsilon.bitPattern)
        writer.write(tiedEmbeddings)
        writer.write(beginningOfSequence != nil)
        if let beginningOfSequence { writer.write(UInt32(beginningOfSequence)) }
        writer.writeLength(endOfSequence.count)
        for token in endOfSequence { writer.write(UInt32(token)) }
        writer.write(family.rawValue)
        writer.writeLength(ropeDivisors.count)
        for divisor in ropeDivisors { writer.write(divisor.bitPattern) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        var dimensions: [Int] = []
        for _ in 0..<8 { dimensions.append(Int(try reader.readUInt32())) }
        let ropeBase = Double(bitPattern: try reader.readUInt64())
        let normEpsilon = Double(bitPattern: try reader.readUInt64())
        let tied = try reader.readBool()
        let beginning = try reader.readBool() ? Int(try reader.readUInt32()) : nil
        var ends: [Int] = []
        for _ in 0..<(try reader.readLength(limit: 16)) {
            ends.append(Int(try reader.readUInt32()))
        }
        let offset = reader.offset
        let tag = try reader.readUInt8()
        guard let family = DecoderFamily(rawValue: tag) else {
            throw .tagOutOfRange(offset: offset, tag: tag)
        }
        var divisors: [Float] = []
        for _ in 0..<(try reader.readLength(limit: 1 << 9)) {
            divisors.append(Float(bitPattern: try reader.readUInt32()))
        }
        do {
            try self.init(
                family: family,
                hiddenSize: dimensions[0],
                layers: dimensions[1],
                heads: dimensions[2],
                kvHeads: dimensions[3],
                headDimension: dimensions[4],
                intermediateSize: dimensions[5],
                vocabulary: dimensions[6],
                contextLength: dimensions[7],
                ropeBase: ropeBase,
                ropeDivisors: divisors,
                normEpsilon: normEpsilon,
                tiedEmbeddings: tied,
                beginningOfSequence: beginning,
                endOfSequence: ends
            )
        } catch {
            throw .invalidValue(offset: reader.offset, field: "model configuration")
        }
    }
}
