// One decoder under libFuzzer: `FUZZ_TARGET=name fuzz [libFuzzer options] CORPUS`. `fuzz list` names
// the targets, `fuzz seeds FOLDER` writes a first corpus for each. See docs/testing.md.

import CFuzzer
import Foundation

/// What libFuzzer's callback, which may capture nothing, works on.
private enum Session {
    nonisolated(unsafe) static var target: FuzzTarget?
    nonisolated(unsafe) static var slowest: UInt64 = 0

    static func take(_ bytes: [UInt8]) {
        let begin = processorNanoseconds()
        unsafe target?.run(bytes)
        let spent = processorNanoseconds() - begin
        guard unsafe spent > slowest else { return }
        unsafe slowest = spent
        if spent > 10_000_000 {
            print("slow: \(spent / 1_000_000) ms of processor time for \(bytes.count) bytes")
        }
    }

    /// The thread's own time, which other programs on the machine do not lengthen.
    private static func processorNanoseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

private func runFuzzer() -> Int32 {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
        unsafe CommandLine.unsafeArgv
    return unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        Session.take(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
    }
}

do {
    let targets = try FuzzTarget.all()
    let arguments = CommandLine.arguments
    if arguments.dropFirst().first == "list" {
        for target in targets { print(target.name) }
    } else if arguments.count == 3, arguments[1] == "seeds" {
        for target in targets { try target.writeSeeds(to: URL(filePath: arguments[2])) }
    } else {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
        guard let chosen = targets.first(where: { $0.name == name }) else {
            print("FUZZ_TARGET must name one of \(targets.map(\.name))")
            exit(2)
        }
        unsafe Session.target = chosen
        atexit {
            print("slowest input: \(unsafe Session.slowest / 1_000) microseconds of processor time")
        }
        exit(runFuzzer())
    }
} catch {
    print("fuzz: \(error)")
    exit(2)
}
