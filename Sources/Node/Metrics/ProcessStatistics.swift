import Foundation
import Telemetry

/// What the kernel knows about this process, under the names that all exporters use.
enum ProcessStatistics {
    /// The kernel tells times to programs in hundredths of a second, and memory in pages of 4 KiB
    /// on the machines that we run on (proc(5)).
    private static let ticksPerSecond = 100.0
    private static let pageBytes = 4096.0

    static func families(home: String) -> [MetricFamily] {
        var families: [MetricFamily] = []
        if let ticks = processorTicks() {
            families.append(
                .counter(
                    "process_cpu_seconds_total",
                    "Processor time used, in seconds.",
                    ticks / ticksPerSecond
                )
            )
        }
        if let pages = fields(of: "/proc/self/statm").dropFirst().first.flatMap({ Double($0) }) {
            families.append(
                .gauge(
                    "process_resident_memory_bytes",
                    "Memory in use, in bytes.",
                    pages * pageBytes
                )
            )
        }
        let system = try? FileManager.default.attributesOfFileSystem(forPath: home)
        if let free = system?[.systemFreeSize] as? NSNumber {
            families.append(
                .gauge(
                    "openledger_disk_free_bytes",
                    "What is left on the file system of the home directory.",
                    free.doubleValue
                )
            )
        }
        return families
    }

    /// User and system time. The process's name, which may hold spaces, ends with a parenthesis.
    private static func processorTicks() -> Double? {
        let fields = fields(of: "/proc/self/stat")
        guard let end = fields.lastIndex(where: { $0.hasSuffix(")") }) else { return nil }
        let times = fields.dropFirst(end + 12).prefix(2).compactMap { Double($0) }
        return times.count == 2 ? times[times.startIndex] + times[times.startIndex + 1] : nil
    }

    private static func fields(of path: String) -> [Substring] {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).map { $0 } ?? []
    }
}
