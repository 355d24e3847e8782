// Measures the chain's own parts on this machine, without a network: JSON lines, one a figure. What
// it prints is in docs/benchmarks.md.

import Foundation

let usage = """
    usage: chainbench state ACCOUNTS… | replay BLOCKS TRANSFERS | light | join ACCOUNTS

    state    accounts on disk: state-root updates/s, commits, bytes, as the number grows
    replay   blocks of transfers from block 0, as a late node fetches and executes them
    light    checking one adapter's proof, with and without a new header
    join     a snapshot of so many accounts, from two peers over loopback
    """

do {
    let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
    let isWhole = numbers.count == CommandLine.arguments.count - 2 && numbers.allSatisfy { $0 > 0 }
    switch (CommandLine.arguments.dropFirst().first, numbers.count) {
    case ("state", 1...) where isWhole:
        for count in numbers {
            var bench = try StateBench(accounts: count)
            try bench.run()
        }
    case ("replay", 2) where isWhole:
        try ReplayBench(blocks: numbers[0], transfers: numbers[1]).run()
    case ("light", 0): try LightBench().run()
    case ("join", 1) where isWhole: try await JoinBench(accounts: numbers[0]).run()
    default:
        FileHandle.standardError.write(Data((usage + "\n").utf8))
        exit(2)
    }
} catch {
    FileHandle.standardError.write(Data("chainbench: \(error)\n".utf8))
    exit(1)
}
