import Testing

/// Package.swift is the map of the targets; this suite compares it with the imports that are
/// written and with the layers of docs/architecture.md.
@Suite("Tidy: arrows between targets") struct ArrowTests {
    /// Every target and what it may import, as Package.swift declares.
    static func map() throws -> [String: Set<String>] {
        let manifest = try Repository.text("Package.swift")
        var map: [String: Set<String>] = [:]
        let declaration =
            /(?:part|tests|\.executableTarget|\.testTarget|\.target)\(\s*(?:name: )?"(\w+)"((?:[^()]|\([^()]*\))*)\)/
        for match in manifest.matches(of: declaration) {
            let isTest = match.output.0.hasPrefix("tests")
            let name = String(match.output.1) + (isTest ? "Tests" : "")
            var modules = Set(match.output.2.matches(of: /"(\w+)"/).map { String($0.output.1) })
            for (word, products) in shorthands
            where match.output.2.contains(try Regex("\\b\(word)\\b")) {
                modules.formUnion(products)
            }
            if isTest { modules.formUnion([String(match.output.1), "TestSupport"]) }
            map[name, default: []].formUnion(modules)
        }
        return map
    }

    static let shorthands: [String: Set<String>] = [
        "nio": ["NIOCore", "NIOPosix"], "logging": ["Logging"], "lifecycle": ["ServiceLifecycle"],
        "httpClient": ["AsyncHTTPClient"],
        "hummingbird": ["Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore"],
    ]

    /// Modules of the toolchain, which need no declaration.
    static let system: Set = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Dispatch",
        "Synchronization",
        "Testing", "PackageDescription",
    ]

    static let shell: Set = [
        "Storage", "Peers", "RPC", "Verification", "Factory", "Serving", "Node", "openledger",
        "story",
        "CRocksDB",
    ]

    /// A module named `Network` would mislead the dependencies; its folder keeps the plain word.
    static func module(of file: SourceFile) -> String {
        file.target.replacing(/^Network/, with: "Peers")
    }

    static func imports(of file: SourceFile) -> Set<String> {
        Set(
            file.code.compactMap { line in
                line.firstMatch(of: /^\s*(?:@\w+ )?(?:\w+ )?import (?:\w+ )?(\w+)/)
                    .map { String($0.output.1) }
            }
        )
    }

    @Test("every import is a declared dependency")
    func declared() throws {
        let map = try Self.map()
        #expect(map.count > 25, "the manifest has been read")
        for file in Repository.swiftFiles where !file.path.hasPrefix("Benchmarks") {
            guard let allowed = map[Self.module(of: file)] else {
                Issue.record("\(file.path) belongs to no target of Package.swift")
                continue
            }
            let undeclared = Self.imports(of: file).subtracting(allowed).subtracting(Self.system)
            #expect(undeclared.isEmpty, "\(file.path) imports \(undeclared.sorted())")
        }
    }

    @Test("nothing in the core knows the shell")
    func inward() throws {
        let core = ForbiddenTests.core.union(ForbiddenTests.computation)
        for (target, modules) in try Self.map() where core.contains(target) {
            let outward = modules.intersection(Self.shell)
            #expect(outward.isEmpty, "\(target) depends on \(outward.sorted())")
        }
    }

    @Test("the ledger and consensus know nothing of the computation, nor of each other")
    func apart() throws {
        let map = try Self.map()
        let computation = ForbiddenTests.computation
        for target in ForbiddenTests.core {
            #expect(map[target, default: []].isDisjoint(with: computation), "\(target)")
        }
        #expect(map["Consensus"]?.contains("Ledger") == false)
        #expect(map["Ledger"]?.contains("Consensus") == false)
    }

    @Test("no targets depend on each other in a circle")
    func acyclic() throws {
        var map = try Self.map()
        while let leaf = map.keys.sorted().first(where: {
            map[$0]?.isDisjoint(with: map.keys) == true
        }) {
            map.removeValue(forKey: leaf)
        }
        #expect(map.isEmpty, "a circle among \(map.keys.sorted())")
    }
}
