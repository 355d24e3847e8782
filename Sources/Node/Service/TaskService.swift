import ServiceLifecycle

/// An asynchronous function as a service: cancelled when the node shuts down.
struct TaskService: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await body() }
    }
}
