// How long scoring takes on rows that a peer gets too (Benchmarks/estimator/speed.py).

import Attribution
import ExactMath
import Foundation
import Primitives

/// Reads `records` and `queries` of a folder, 8-bit integers row after row, scores every query by the
/// estimator and by DataInf, and writes the latter's scores to `datainf` (float64, a query a row).
/// Prints processor seconds of one thread.
///
/// - Parameter arguments: the folder, how many blocks a row has, and the width of each.
func measureInfluence(_ arguments: [String]) throws {
    guard arguments.count == 3, let blocks = Int(arguments[1]), let width = Int(arguments[2]),
        blocks > 0, width > 0
    else { throw InfluenceSpeedError.usage }
    ExactRuntime.setThreads(1)
    let folder = URL(filePath: arguments[0])
    let columns = blocks * width
    func rows(_ name: String) throws -> [InfluenceRow] {
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
        return stride(from: 0, to: bytes.count - columns + 1, by: columns).map { start in
            InfluenceRow(
                exponents: [Int16](repeating: 0, count: blocks),
                values: bytes[start..<start + columns].map { Int8(bitPattern: $0) }
            )
        }
    }
    let queries = try rows("queries")
    let index = try InfluenceIndex(
        blockWidths: [Int](repeating: width, count: blocks),
        rows: try rows("records")
    )
    let records = index.rows.count
    guard let exactQueries = index.shape.exactRows(queries) else { return }
    let (kernel, preparing) = try seconds {
        try InfluenceKernel(index.exactRows, damping: 1 << 16, keptBytes: .max)
    }
    let (_, scoring) = try seconds { try kernel.weights(queries: exactQueries) }
    let (_, choosing) = try seconds { try DampingRule.current.damping(of: index) }
    let scores = RecordScores(index)
    let (_, dotting) = try seconds { try scores.scores(of: queries, by: .dot) }
    let (dataInf, comparing) = try seconds { try scores.scores(of: queries, by: .datainf) }
    var output = BorshWriter()
    for score in dataInf.joined() { output.write(score.bitPattern) }
    try Data(output.bytes).write(to: folder.appending(path: "datainf"))
    let fields = [
        ("records", "\(records)"), ("queries", "\(queries.count)"), ("blocks", "\(blocks)"),
        ("width", "\(width)"), ("dampingSeconds", rounded(choosing)),
        ("factorSeconds", rounded(preparing)), ("scoreSeconds", rounded(scoring)),
        ("dotSeconds", rounded(dotting)), ("dataInfSeconds", rounded(comparing)),
    ]
    print("{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
}

private enum InfluenceSpeedError: Error, CustomStringConvertible {
    case usage

    var description: String { "usage: numerics influence FOLDER BLOCKS WIDTH" }
}

private func rounded(_ value: Double) -> String { String(format: "%.4f", value) }

private func seconds<Value>(_ work: () throws -> Value) rethrows -> (Value, Double) {
    let start = clock()
    let value = try work()
    return (value, Double(clock() - start) / Double(CLOCKS_PER_SEC))
}
