// swift-tools-version: 6.2
import PackageDescription

// The pure core resolves and builds without any network library. `OPENLEDGER_CORE=1` leaves the
// shell out, so that work on the core keeps a build of seconds.
let chosenTests = Context.environment["OPENLEDGER_TESTS"]?.split(separator: ",").map(String.init)
let coreOnly = chosenTests != nil || Context.environment["OPENLEDGER_CORE"] != nil
// `OPENLEDGER_CORE=chain` leaves the computation out as well: what `make mutants` builds forty times.
let chainOnly = Context.environment["OPENLEDGER_CORE"] == "chain"
// `OPENLEDGER_FUZZ=1` adds what `make fuzz` runs: it needs libFuzzer, so it is not built otherwise.
let fuzzOnly = Context.environment["OPENLEDGER_FUZZ"] != nil

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // Tests look inside modules, and are built together with what is shipped, so that a clone
    // builds once.
    .unsafeFlags(["-enable-testing"]),
]
let testSettings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

func part(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.init(stringLiteral: name)] + dependencies + ["TestSupport"],
        resources: resources,
        swiftSettings: testSettings
    )
}

// Optimised in every configuration: a debug build of the arithmetic would be too slow to test.
// The remaining flags are the floating-point rules of docs/numerics.md.
let exactC: [CSetting] = [
    .unsafeFlags([
        "-O3", "-std=c11", "-ffp-contract=off", "-fno-fast-math", "-fno-unsafe-math-optimizations",
        "-fdenormal-fp-math=ieee", "-fno-math-errno", "-Wall", "-Wextra", "-Werror",
    ])
]

let core: [Target] = [
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(
        name: "COpenBLAS",
        pkgConfig: "openblas",
        providers: [.apt(["libopenblas-dev"])]
    ),
    .target(name: "CExactMath", dependencies: ["COpenBLAS"], cSettings: exactC),

    part("Primitives"),
    part("JSON"),
    part("Telemetry"),
    part("Cryptography", ["CSodium", "Primitives"]),
    part("StateTree", ["Cryptography", "Primitives"]),
    part("Voting", ["Cryptography", "Primitives"]),
    part("Wallet", ["Cryptography", "Primitives"]),
    part("Commitments", ["Cryptography", "Primitives"]),
    part("Consensus", ["Voting", "Cryptography", "Primitives"]),
    part("Ledger", ["Commitments", "Voting", "StateTree", "Cryptography", "Primitives"]),
    part("LightClient", ["Ledger", "Voting", "StateTree", "Cryptography", "Primitives"]),
    part(
        "Replica",
        [
            "LightClient", "Consensus", "Ledger", "Voting", "StateTree", "Cryptography",
            "Primitives",
        ]
    ),
    part(
        "Simulator",
        ["Replica", "Consensus", "Ledger", "Voting", "StateTree", "Cryptography", "Primitives"]
    ),

    part("Spans"),
    .executableTarget(
        name: "simulate",
        dependencies: ["Simulator", "Primitives"],
        swiftSettings: strict
    ),

    part("ExactMath", ["CExactMath", "Primitives"]),
    part("LanguageModel", ["ExactMath", "Cryptography", "JSON", "Primitives"]),
    part("Attribution", ["LanguageModel", "ExactMath", "Cryptography", "Primitives"]),
    part(
        "Jobs",
        [
            "Attribution", "LanguageModel", "ExactMath", "Commitments", "Cryptography",
            "Primitives",
        ]
    ),
    // Shell, but without any network library, so that it is built and tested with the core.
    part(
        "Factory",
        [
            "Jobs", "Attribution", "LanguageModel", "ExactMath", "Commitments", "Cryptography",
            "JSON", "Primitives",
        ]
    ),
    // The inspection tools; shell as well, since they read files.
    part(
        "Workbench",
        [
            "Factory", "Jobs", "Spans", "Attribution", "LanguageModel", "ExactMath", "Commitments",
            "Cryptography", "JSON", "Primitives",
        ]
    ),
    .executableTarget(
        name: "numerics",
        dependencies: [
            "Jobs", "Attribution", "LanguageModel", "ExactMath", "Spans", "Ledger", "Commitments",
            "Cryptography",
            "Primitives",
        ],
        swiftSettings: strict
    ),
    part(
        "Verification",
        [
            "Jobs", "Attribution", "LanguageModel", "Ledger", "Voting", "StateTree",
            "Commitments", "Cryptography", "Primitives",
        ]
    ),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testSettings),
    .target(
        name: "ModelTestSupport",
        dependencies: ["LanguageModel", "ExactMath", "Primitives"],
        path: "Tests/ModelTestSupport",
        swiftSettings: testSettings
    ),
]

let coreTests: [Target] = [
    tests(
        "Verification",
        [
            "ModelTestSupport", "Jobs", "Attribution", "LanguageModel", "Ledger", "Voting",
            "Commitments", "Cryptography", "ExactMath", "Primitives",
        ]
    ),
    tests("Primitives"),
    tests("JSON"),
    tests("Telemetry"),
    tests("Cryptography", ["Primitives"]),
    tests("StateTree", ["Cryptography", "Primitives"]),
    tests("Voting", ["Cryptography", "Primitives"]),
    tests("Wallet", ["Cryptography", "Primitives"]),
    tests("Commitments", ["Cryptography", "Primitives"]),
    tests("Consensus", ["Voting", "Cryptography", "Primitives"]),
    tests("Ledger", ["Commitments", "Voting", "StateTree", "Cryptography", "Primitives"]),
    tests("LightClient", ["Ledger", "Voting", "StateTree", "Cryptography", "Primitives"]),
    tests(
        "Replica",
        [
            "LightClient", "Consensus", "Ledger", "Voting", "StateTree", "Cryptography",
            "Primitives",
        ]
    ),
    tests(
        "Simulator",
        ["Replica", "Consensus", "Ledger", "Voting", "Cryptography", "Primitives"]
    ),
    tests("Spans"),
    tests("ExactMath", ["CExactMath", "Primitives"]),
    tests(
        "LanguageModel",
        ["ModelTestSupport", "ExactMath", "Cryptography", "JSON", "Primitives"],
        resources: [.copy("Fixtures")]
    ),
    tests("Attribution", ["LanguageModel", "ExactMath", "Cryptography", "Primitives"]),
    tests(
        "Jobs",
        [
            "ModelTestSupport", "Attribution", "LanguageModel", "ExactMath", "Commitments",
            "Cryptography",
            "Primitives",
        ]
    ),
    tests(
        "Factory",
        [
            "Jobs", "Attribution", "LanguageModel", "ExactMath", "Commitments", "Cryptography",
            "JSON", "Primitives",
        ],
        resources: [.copy("Fixtures")]
    ),
]

let workbenchTests: [Target] = [
    tests(
        "Workbench",
        [
            "ModelTestSupport", "Factory", "Jobs", "Attribution", "LanguageModel", "ExactMath",
            "JSON", "Primitives",
        ]
    )
]

let fuzzing: [Target] = [
    .target(name: "CFuzzer", path: "Fuzz/CFuzzer"),
    .executableTarget(
        name: "fuzz",
        dependencies: [
            "CFuzzer", "Node", "Peers", "RPC", "Serving", "Simulator", "Replica", "Consensus",
            "Ledger", "Voting", "StateTree", "Wallet", "Factory", "Jobs", "Spans", "Attribution",
            "LanguageModel", "Commitments", "Cryptography", "JSON", "Primitives",
            .product(name: "NIOCore", package: "swift-nio"),
        ],
        path: "Fuzz/fuzz",
        swiftSettings: strict
    ),
]

// Style is a test: it reads the repository's own files.
let tidy: [Target] = [.testTarget(name: "TidyTests", swiftSettings: testSettings)]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
/// The HTTP server and the modules whose types its interface is made of.
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "NIOCore", package: "swift-nio"),
]

let shell: [Target] = [
    .systemLibrary(name: "CRocksDB", providers: [.apt(["librocksdb-dev"])]),
    part(
        "Storage",
        [
            "CRocksDB", "Commitments", "Replica", "LightClient", "Ledger", "Voting", "StateTree",
            "Cryptography",
            "Primitives",
            logging,
        ]
    ),
    // A module named `Network` would make the dependencies believe that they run on Apple's systems.
    .target(
        name: "Peers",
        dependencies: ["Cryptography", "Primitives", logging, lifecycle] + nio,
        path: "Sources/Network",
        swiftSettings: strict
    ),
    part(
        "RPC",
        [
            "LightClient", "Ledger", "Commitments", "Voting", "StateTree", "Cryptography", "JSON",
            "Primitives", logging, lifecycle,
        ] + hummingbird
    ),
    part(
        "Serving",
        [
            "Jobs", "Attribution", "LanguageModel", "ExactMath", "Commitments", "Cryptography",
            "JSON", "Primitives", logging, lifecycle,
        ] + hummingbird
    ),
    part(
        "Node",
        [
            "Storage", "Peers", "RPC", "Telemetry", "Factory", "Verification", "Jobs", "Replica",
            "LightClient",
            "Consensus", "Ledger", "Voting", "Wallet", "Commitments", "StateTree", "Cryptography",
            "JSON",
            "Primitives", logging, lifecycle,
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            .product(name: "TOMLKit", package: "TOMLKit"),
        ] + hummingbird
    ),
    .executableTarget(
        name: "chainbench",
        dependencies: [
            "Node", "Storage", "Peers", "Replica", "LightClient", "Ledger", "Voting", "StateTree",
            "Cryptography", "Primitives", logging,
        ],
        swiftSettings: strict
    ),
    .executableTarget(
        name: "openledger",
        dependencies: [
            "Node", "Storage", "Peers", "RPC", "Factory", "Serving", "Verification", "Workbench",
            "Jobs", "Attribution", "LanguageModel", "ExactMath", "Replica", "LightClient", "Ledger",
            "Voting", "Wallet",
            "Commitments",
            "StateTree", "Cryptography", "JSON", "Primitives", logging, lifecycle, httpClient,
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: strict
    ),
    .executableTarget(
        name: "story",
        dependencies: [
            "JSON", httpClient, .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
        ] + nio,
        swiftSettings: strict
    ),
]

let shellTests: [Target] = [
    // The parts of the demo that reckon and print; the story itself is its own test.
    .testTarget(
        name: "StoryTests",
        dependencies: ["story", "JSON"],
        swiftSettings: testSettings
    ),
    // Runs the command as a process; it depends on it so that it is built with the tests.
    .testTarget(
        name: "CommandTests",
        dependencies: ["openledger", "RPC", "Ledger", "Cryptography", "JSON", "Primitives"],
        swiftSettings: testSettings
    ),
    tests(
        "Storage",
        [
            "CRocksDB", "Commitments", "Replica", "LightClient", "Ledger", "Voting", "StateTree",
            "Cryptography", "Primitives",
        ]
    ),
    .testTarget(
        name: "PeersTests",
        dependencies: ["Peers", "Cryptography", "Primitives", logging, "TestSupport"] + nio,
        path: "Tests/NetworkTests",
        swiftSettings: testSettings
    ),
    tests(
        "RPC",
        [
            "LightClient", "Ledger", "Commitments", "Voting", "StateTree", "Cryptography", "JSON",
            "Primitives", logging, lifecycle, httpClient,
            .product(name: "NIOHTTP1", package: "swift-nio"),
        ] + hummingbird
    ),
    tests(
        "Serving",
        [
            "Jobs", "LanguageModel", "ExactMath", "Commitments", "Cryptography", "JSON",
            "Primitives", httpClient, logging,
            .product(name: "NIOCore", package: "swift-nio"),
        ]
    ),
    tests(
        "Node",
        [
            "Storage", "Peers", "RPC", "Replica", "LightClient", "Ledger", "Voting", "Wallet",
            "Commitments",
            "StateTree",
            "Cryptography", "JSON", "Primitives", logging, httpClient,
        ] + hummingbird
    ),
]

let dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.5.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
]

let chain: Set = [
    "CSodium", "Primitives", "JSON", "Cryptography", "StateTree", "Voting", "Wallet", "Commitments",
    "Consensus", "Ledger", "LightClient", "Replica", "Simulator", "simulate", "TestSupport",
]

/// What `OPENLEDGER_TESTS=ConsensusTests,VotingTests` keeps: those and what they need of the core.
func reachable(_ names: [String], in all: [Target]) -> [Target] {
    var wanted = Set(names)
    var before = 0
    while wanted.count > before {
        before = wanted.count
        for target in all where wanted.contains(target.name) {
            for dependency in target.dependencies {
                if case .byNameItem(let name, _) = dependency { wanted.insert(name) }
            }
        }
    }
    return all.filter { wanted.contains($0.name) }
}

let package = Package(
    name: "openledger",
    products: coreOnly || chosenTests != nil
        ? [] : [.executable(name: "openledger", targets: ["openledger"])],
    dependencies: coreOnly || chosenTests != nil ? [] : dependencies,
    targets: chosenTests.map { reachable($0, in: core + coreTests) }
        ?? (chainOnly
            ? (core + coreTests).filter { target in
                chain.contains { target.name == $0 || target.name == $0 + "Tests" }
            } + tidy
            : core + coreTests + workbenchTests + tidy + (coreOnly ? [] : shell + shellTests)
                + (fuzzOnly ? fuzzing : []))
)
