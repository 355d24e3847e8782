import ArgumentParser
import Foundation
import JSON

/// How results are printed.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(name: .long, help: "text for people, json for programs.")
    var output = Format.text

    /// Prints the result of a command.
    func show(_ value: JSON) {
        switch output {
        case .json: print(value.prettyText)
        case .text: print(TextRendering.text(value))
        }
    }
}

/// Progress and remarks, beside the result.
enum Remark {
    static func write(_ sentence: String) {
        FileHandle.standardError.write(Data((sentence + "\n").utf8))
    }
}
