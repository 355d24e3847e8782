// Prints what the exact computation gives and how long it takes on this machine.
//   numerics bits [THREADS]  one line of hashes; equal on every machine (Scripts/bits)
//   numerics speed [GGUF]    seconds of the main operations
//   numerics bench PART GGUF [THREADS] [REPEATS]    one operation as a line of JSON (Benchmarks/peers/speed.py)
//   numerics verification STEP GRADIENT    a validator's share, from seconds of a step and a gradient
//   numerics verification GGUF STEPS RECORDS TOKENS    the same, run on a model
//   numerics influence FOLDER BLOCKS WIDTH    scoring by the estimator and by DataInf (Benchmarks/estimator/speed.py)
//   numerics spans FILE      making and asking the span index of a text, a record a line
//   numerics compare FOLDER  see Benchmarks/peers/quality.py
//   numerics next GGUF TEXT  the likeliest tokens after a text, and what greedy generation adds

import Foundation

do {
    switch CommandLine.arguments.dropFirst().first {
    case "bits": try printBits(threads: CommandLine.arguments.dropFirst(2).first)
    case "speed": try printSpeed(modelFile: CommandLine.arguments.dropFirst(2).first)
    case "bench": try bench(Array(CommandLine.arguments.dropFirst(2)))
    case "verification" where CommandLine.arguments.count == 4:
        printVerificationCost(
            step: Double(CommandLine.arguments[2]) ?? 0,
            gradient: Double(CommandLine.arguments[3]) ?? 0
        )
    case "verification": try measureVerificationCost(Array(CommandLine.arguments.dropFirst(2)))
    case "next" where CommandLine.arguments.count == 4:
        try printNext(modelFile: CommandLine.arguments[2], text: CommandLine.arguments[3])
    case "influence": try measureInfluence(Array(CommandLine.arguments.dropFirst(2)))
    case "spans" where CommandLine.arguments.count == 3:
        try printSpans(file: CommandLine.arguments[2])
    case "compare" where CommandLine.arguments.count == 3:
        try compare(folder: CommandLine.arguments[2])
    default:
        FileHandle.standardError.write(
            Data(
                "usage: numerics bits [THREADS] | speed [GGUF] | bench … | next GGUF TEXT | spans FILE | compare FOLDER\n"
                    .utf8
            )
        )
        exit(2)
    }
} catch {
    FileHandle.standardError.write(Data("numerics: \(error)\n".utf8))
    exit(1)
}
