// Searches for broken promises. `simulate seeds FIRST-LAST` runs the simulator, twice a seed, and
// compares; `simulate twins FIRST-LAST` runs consensus alone, once a seed and number of faulty
// validators; `simulate growth` measures a calm network of 4 to 32. Prints what broke and the command that replays it, and fails if anything did.

import Foundation

do {
    if CommandLine.arguments.dropFirst() == ["growth"] {
        try Growth.run()
        exit(0)
    }
    let search = try Search(Array(CommandLine.arguments.dropFirst()))
    exit(search.run() ? 0 : 1)
} catch {
    FileHandle.standardError.write(Data("simulate: \(error)\n".utf8))
    exit(2)
}
