// What a run reports while it goes.

import Foundation
import JSON

package struct FactoryProgress: Sendable, Equatable {
    package enum Phase: String, Sendable {
        case evaluating, training, indexing
    }

    package let phase: Phase
    /// Steps of training, or records of the other phases.
    package let done: Int
    package let total: Int
    /// The last batch's mean loss in nats, and its running mean; nil outside training.
    package let loss: Double?
    package let smoothedLoss: Double?
    package let learningRate: Double?
    /// Tokens through the model per second since training began; nil outside training.
    package let tokensPerSecond: Double?
    /// Tokens through the model since training began.
    package let tokens: Int
    /// Seconds since the phase began, and an estimate of those to come.
    package let elapsed: Double
    package let remaining: Double

    package var fraction: Double { total == 0 ? 1 : Double(done) / Double(total) }
}

extension FactoryProgress: CustomStringConvertible {
    /// One line, such as `training 12/40 30 % loss 3.210 1234 tokens/s 0:12 left`.
    package var description: String {
        var parts = ["\(phase.rawValue) \(done)/\(total)", "\(Int(100 * fraction)) %"]
        if let smoothedLoss { parts.append("loss " + String(format: "%.3f", smoothedLoss)) }
        if let tokensPerSecond { parts.append("\(Int(tokensPerSecond)) tokens/s") }
        let seconds = Int(remaining.rounded())
        parts.append(String(format: "%d:%02d left", seconds / 60, seconds % 60))
        return parts.joined(separator: " ")
    }
}

/// Measures a phase as it goes.
struct PhaseClock {
    private let phase: FactoryProgress.Phase
    private let total: Int
    private let start = ContinuousClock.now
    /// What an earlier process has spent on the phase.
    private let earlier: Double
    private var tokens: Int
    private var smoothed: Double?

    /// - Parameter last: the last entry of an earlier process.
    init(_ phase: FactoryProgress.Phase, total: Int, after last: FactoryProgress? = nil) {
        self.phase = phase
        self.total = total
        earlier = last?.elapsed ?? 0
        tokens = last?.tokens ?? 0
        smoothed = last?.smoothedLoss
    }

    mutating func progress(
        done: Int,
        loss: Double? = nil,
        learningRate: Double? = nil,
        newTokens: Int = 0
    ) -> FactoryProgress {
        let passed = earlier + start.duration(to: .now) / .seconds(1)
        tokens += newTokens
        if let loss { smoothed = smoothed.map { 0.9 * $0 + 0.1 * loss } ?? loss }
        let remaining = done == 0 ? 0 : passed / Double(done) * Double(total - done)
        return FactoryProgress(
            phase: phase,
            done: done,
            total: total,
            loss: loss,
            smoothedLoss: smoothed,
            learningRate: learningRate,
            tokensPerSecond: newTokens == 0 ? nil : Double(tokens) / max(passed, 1e-9),
            tokens: tokens,
            elapsed: passed,
            remaining: remaining
        )
    }
}

extension FactoryProgress {
    /// One training step as a line of JSON, and back; nil for any other line.
    var line: String {
        func real(_ value: Double?) -> JSON {
            value.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null
        }
        let entry: JSON = [
            "step": .integer(done), "loss": real(loss), "smoothed": real(smoothedLoss),
            "rate": real(learningRate), "tokens": .integer(tokens), "elapsed": real(elapsed),
        ]
        return entry.compactText
    }

    init?(line: String, total: Int) {
        guard let entry = try? JSON.parse(Array(line.utf8)),
            let done = entry["step"]?.integer(Int.self), done >= 1, done <= total,
            let tokens = entry["tokens"]?.integer(Int.self), tokens >= 0,
            let elapsed = entry["elapsed"]?.double, elapsed >= 0
        else { return nil }
        phase = .training
        self.done = done
        self.total = total
        loss = entry["loss"]?.double
        smoothedLoss = entry["smoothed"]?.double
        learningRate = entry["rate"]?.double
        tokensPerSecond = Double(tokens) / max(elapsed, 1e-9)
        self.tokens = tokens
        self.elapsed = elapsed
        remaining = elapsed / Double(done) * Double(total - done)
    }
}
