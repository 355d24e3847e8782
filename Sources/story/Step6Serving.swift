extension Story {
    mutating func serveAndSettle() async throws {}
    mutating func checkFromOutside() async throws {}
    mutating func closeTheBooks() async throws {}
    func waitForTheReader() async throws {}
}
