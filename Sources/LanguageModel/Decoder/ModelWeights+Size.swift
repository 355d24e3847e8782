import ExactMath

extension ModelWeights {
    /// Bytes that the matrices take in memory.
    package var byteCount: Int {
        var matrices = [embedding]
        if let positions { matrices.append(positions) }
        if !configuration.tiedEmbeddings { matrices.append(head) }
        for layer in layers { matrices += layer.linears.compactMap { $0?.matrix } }
        return matrices.reduce(0) { $0 + $1.byteCount }
    }
}
