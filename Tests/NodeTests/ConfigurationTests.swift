import Node
import Testing

@Suite("Configuration") struct ConfigurationTests {
    @Test("the template reads back as the configuration that it was made from")
    func template() throws {
        var configuration = Configuration()
        configuration.name = "a \"b\" \\ \u{1}"
        configuration.network.peers = ["127.0.0.1:1", "[::1]:2"]
        configuration.verifier.isEnabled = false
        let read = try EffectiveConfiguration(
            file: ("config.toml", configuration.template),
            environment: [:],
            flags: []
        )
        #expect(read.configuration == configuration)
        #expect(read.sources.count == ConfigurationSetting.all.count)
    }

    @Test("flags come before the environment, and that before the file")
    func precedence() throws {
        let file = "[rpc]\nport = 1\nhost = \"file\"\nallowed_hosts = [\"x\"]\n"
        let read = try EffectiveConfiguration(
            file: ("config.toml", file),
            environment: [
                "OPENLEDGER_RPC_PORT": "2", "OPENLEDGER_RPC_HOST": "variable", "PATH": "",
            ],
            flags: [("rpc.port", "3")]
        )
        #expect(read.configuration.rpc.port == 3)
        #expect(read.configuration.rpc.host == "variable")
        #expect(read.configuration.rpc.allowedHosts == ["x"])
        #expect(read.configuration.name == Configuration().name)
        #expect(
            read.sources == [
                "rpc.port": "flag", "rpc.host": "environment", "rpc.allowed_hosts": "config.toml",
            ]
        )
    }

    @Test(
        "a mistake in the file is told with its line",
        arguments: [
            ("[rpc]\n\nprot = 1\n", "c.toml, line 3: there is no setting rpc.prot"),
            ("[rcp]\nport = 1\n", "c.toml, line 2: there is no setting rcp.port"),
            ("port = 1\n", "c.toml, line 1: there is no setting port"),
            (
                "[rpc]\nport = \"x\"\n",
                "c.toml, line 2: rpc.port must be an integer from 0 to 65535"
            ),
            (
                "[rpc]\nport = 65536\n",
                "c.toml, line 2: rpc.port must be an integer from 0 to 65535"
            ),
            (
                "[rpc]\nallowed_hosts = [1]\n",
                "c.toml, line 2: rpc.allowed_hosts must be a list of texts"
            ),
            ("[log]\nformat = \"xml\"\n", "c.toml, line 2: log.format must be one of plain, json"),
        ]
    )
    func mistakes(text: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try EffectiveConfiguration(file: ("c.toml", text), environment: [:], flags: [])
        }
        #expect(error?.description == message)
    }

    @Test("text that is no TOML is told with its line")
    func noTOML() {
        let error = #expect(throws: ConfigurationError.self) {
            try EffectiveConfiguration(
                file: ("c.toml", "[rpc]\nport = = 1\n"),
                environment: [:],
                flags: []
            )
        }
        #expect(error?.description.hasPrefix("c.toml, line 2: ") == true)
    }

    @Test("variables and flags that name no setting are refused")
    func unknown() {
        #expect(throws: ConfigurationError.unknownVariable("OPENLEDGER_RPC_PROT")) {
            try EffectiveConfiguration(
                file: nil,
                environment: ["OPENLEDGER_RPC_PROT": "1"],
                flags: []
            )
        }
        #expect(throws: ConfigurationError.unknownSetting("rpc.prot")) {
            try EffectiveConfiguration(file: nil, environment: [:], flags: [("rpc.prot", "1")])
        }
        #expect(throws: ConfigurationError.self) {
            try EffectiveConfiguration(
                file: nil,
                environment: ["OPENLEDGER_RPC_PORT": "many"],
                flags: []
            )
        }
    }
}
