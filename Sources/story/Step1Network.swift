import Foundation
import JSON

extension Story {
    mutating func startNetwork() async throws {}
    mutating func fillDatanet() async throws {}
    mutating func trainAdapter() async throws {}
    mutating func verifyAdapter() async throws {}
    mutating func catchTheCheat() async throws {}
    mutating func serveAndSettle() async throws {}
    mutating func checkFromOutside() async throws {}
    mutating func closeTheBooks() async throws {}
    func waitForTheReader() async throws {}
}
