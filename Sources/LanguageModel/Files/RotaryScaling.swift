// How rotary frequencies are stretched for longer contexts, as divisors of each frequency.

import ExactMath

package enum RotaryScaling: Sendable, Equatable {
    case none
    /// Every frequency divided by the same factor (Chen et al., 2023).
    case linear(factor: Double)
    /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, a ramp between
    /// `originalContext / lowFactor` and `originalContext / highFactor` positions.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalContext: Double)

    /// One divisor for each pair of a head, rounded to float32, as GGUF's `rope_freqs` holds them;
    /// empty without scaling.
    func divisors(headDimension: Int, base: Double) -> [Float] {
        switch self {
        case .none: []
        case .linear(let factor): .init(repeating: Float(factor), count: headDimension / 2)
        case .llama3(let factor, let low, let high, let context):
            (0..<headDimension / 2).map { pair in
                let power = Double(2 * pair) / Double(headDimension) * Elementary.log(base)
                let wavelength = 2 * Double.pi * Elementary.exp(power)
                if wavelength < context / high { return 1 }
                if wavelength > context / low { return Float(factor) }
                let smooth = (context / wavelength - low) / (high - low)
                return Float(1 / ((1 - smooth) / factor + smooth))
            }
        }
    }
}
