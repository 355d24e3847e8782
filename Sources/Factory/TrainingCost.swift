// What training took.

import Foundation

package struct TrainingCost: Sendable, Equatable {
    package let seconds: Double
    /// Tokens through the model.
    package let tokens: Int
    /// The most memory that the process had while it trained, the model included; nil where the
    /// system does not say.
    package let peakMemoryBytes: Int?
    /// How much of that came while training, beside what was loaded before.
    package let addedMemoryBytes: Int?

    package var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}

/// The process's peak of resident memory, as Linux counts it.
enum PeakMemory {
    /// Begins to count anew.
    static func reset() {
        // A system without the file keeps its older peak, which is then too high and not too low.
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    }

    static func bytes() -> Int? { field("VmHWM:") }

    /// What is resident now.
    static func resident() -> Int? { field("VmRSS:") }

    private static func field(_ name: String) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let kilobytes = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first
        else { return nil }
        return Int(kilobytes).map { $0 * 1024 }
    }
}
