// Every process that the story starts, so that none outlives it, whatever ends the story.

import Foundation
import Synchronization

/// The running children; also stopped when the story itself is interrupted.
final class Children: Sendable {
    static let shared = Children()

    private let running = Mutex<[Process]>([])

    func add(_ process: Process) { running.withLock { $0.append(process) } }

    func remove(_ process: Process) { running.withLock { $0.removeAll { $0 === process } } }

    /// Asks each child to end, waits up to ten seconds for all of them, and ends the rest by force.
    func stopAll() {
        let processes = running.withLock { running in
            defer { running = [] }
            return running
        }
        for process in processes where process.isRunning { process.terminate() }
        let deadline = Date().addingTimeInterval(10)
        while processes.contains(where: \.isRunning), Date() < deadline { usleep(50_000) }
        for process in processes where process.isRunning {
            kill(process.processIdentifier, SIGKILL)
        }
    }

    /// Ends the children, then the story, on Ctrl-C and on a polite kill.
    func stopOnSignals() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                Children.shared.stopAll()
                exit(128 + number)
            }
            source.resume()
            signals.withLock { $0.append(Held(source: source)) }
        }
    }

    /// A source that is let go stops listening.
    private struct Held: @unchecked Sendable { let source: any DispatchSourceSignal }
    private let signals = Mutex<[Held]>([])
}
