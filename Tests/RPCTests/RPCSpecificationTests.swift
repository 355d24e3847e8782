import JSON
import RPC
import Testing

/// The examples of section 7 of the JSON-RPC 2.0 specification. Its error messages are beginnings
/// of ours, and our errors carry `data`; all else is compared literally.
@Suite("JSON-RPC 2.0") struct RPCSpecificationTests {
    static let dispatcher = RPCDispatcher(
        methods: [
            RPCMethod<Int>(
                "subtract",
                "",
                [
                    .required("minuend", .integer(0...100), ""),
                    .required("subtrahend", .integer(0...100), ""),
                ],
                result: ""
            ) { arguments, _ throws(RPCError) in
                let minuend = try arguments.integer("minuend", default: 0, in: 0...100)
                let subtrahend = try arguments.integer("subtrahend", default: 0, in: 0...100)
                return .integer(Int(minuend) - Int(subtrahend))
            },
            RPCMethod<Int>("get_data", "", result: "") { _, _ in ["hello", 5] },
            RPCMethod<Int>(
                "sum",
                "",
                ["a", "b", "c"].map { .optional($0, .integer(0...100), "") },
                result: ""
            ) { arguments, _ throws(RPCError) in
                var sum: UInt64 = 0
                for name in ["a", "b", "c"] {
                    sum += try arguments.integer(name, default: 0, in: 0...100)
                }
                return .integer(sum)
            },
            RPCMethod<Int>(
                "update",
                "",
                (1...5).map { .optional("p\($0)", .integer(0...9), "") },
                result: ""
            ) { _, _ in .null },
        ],
        node: 0
    )

    static func answer(_ request: String) async -> String? {
        await dispatcher.answer(Array(request.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    static func error(_ code: Int, id: String) -> String { "code=\(code) id=\(id)" }

    /// An answer with its errors shortened to what the specification fixes.
    static func shortened(_ answer: JSON) -> String {
        guard let error = answer["error"] else { return answer.compactText }
        return Self.error(
            error["code"]?.integer(Int.self) ?? 0,
            id: answer["id"]?.compactText ?? "missing"
        )
    }

    @Test(
        "calls with positional and named parameters",
        arguments: [
            (#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#, "19", "1"),
            (#"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#, "-19", "2"),
            (
                #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
                "19", "3"
            ),
            (
                #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
                "19", "4"
            ),
        ]
    )
    func calls(request: String, result: String, id: String) async {
        let expected = #"{"jsonrpc":"2.0","result":\#(result),"id":\#(id)}"#
        #expect(await Self.answer(request) == expected)
    }

    @Test(
        "notifications are not answered, even where they fail",
        arguments: [
            #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#,
            #"{"jsonrpc": "2.0", "method": "foobar"}"#,
            #"[{"jsonrpc":"2.0","method":"update","params":[1,2,4]},{"jsonrpc":"2.0","method":"foobar"}]"#,
        ]
    )
    func notifications(request: String) async {
        #expect(await Self.answer(request) == nil)
    }

    @Test(
        "errors",
        arguments: [
            (#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, -32601, #""1""#),
            (#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, -32700, "null"),
            (#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, -32600, "null"),
            (
                #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]"#,
                -32700, "null"
            ),
            ("[]", -32600, "null"),
            (#"{"jsonrpc":"2.0","method":"sum","id":[1]}"#, -32600, "null"),
            (#"{"method":"sum","id":7}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","method":"sum","id":7,"extra":1}"#, -32600, "7"),
            (#"{"jsonrpc":"2.0","method":"sum","id":7,"id":8}"#, -32700, "null"),
            (#"{"jsonrpc":"2.0","method":"subtract","id":7}"#, -32602, "7"),
            (#"{"jsonrpc":"2.0","method":"subtract","params":[1,2,3],"id":7}"#, -32602, "7"),
            (#"{"jsonrpc":"2.0","method":"subtract","params":{"a":1},"id":7}"#, -32602, "7"),
            (#"{"jsonrpc":"2.0","method":"subtract","params":["1",2],"id":7}"#, -32602, "7"),
        ]
    )
    func errors(request: String, code: Int, id: String) async throws {
        let answer = try JSON.parse(try #require(await Self.answer(request)))
        #expect(Self.shortened(answer) == Self.error(code, id: id))
        #expect(answer["error"]?["data"]?["reason"]?.string?.isEmpty == false)
    }

    @Test("invalid elements of a batch are answered one by one")
    func invalidElements() async throws {
        let one = try JSON.parse(try #require(await Self.answer("[1]")))
        #expect(one.array?.map(Self.shortened) == [Self.error(-32600, id: "null")])
        let three = try JSON.parse(try #require(await Self.answer("[1,2,3]")))
        #expect(
            three.array?.map(Self.shortened)
                == Array(repeating: Self.error(-32600, id: "null"), count: 3)
        )
    }

    @Test("a mixed batch is answered in its order, without the notification")
    func mixedBatch() async throws {
        let request = #"""
            [
              {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
              {"jsonrpc": "2.0", "method": "update", "params": [7]},
              {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
              {"foo": "boo"},
              {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
              {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
            ]
            """#
        let answer = try JSON.parse(try #require(await Self.answer(request)))
        #expect(
            answer.array?.map(Self.shortened) == [
                #"{"jsonrpc":"2.0","result":7,"id":"1"}"#,
                #"{"jsonrpc":"2.0","result":19,"id":"2"}"#,
                Self.error(-32600, id: "null"),
                Self.error(-32601, id: #""5""#),
                #"{"jsonrpc":"2.0","result":["hello",5],"id":"9"}"#,
            ]
        )
    }

    @Test("a batch has at most 100 calls")
    func batchLimit() async throws {
        let call = #"{"jsonrpc":"2.0","method":"sum","id":1}"#
        func batch(_ count: Int) -> String {
            "[" + Array(repeating: call, count: count).joined(separator: ",") + "]"
        }
        let full = try JSON.parse(try #require(await Self.answer(batch(100))))
        #expect(full.array?.count == 100)
        let over = try JSON.parse(try #require(await Self.answer(batch(101))))
        #expect(over["error"]?["data"]?["reason"] == "limit_exceeded")
    }

    @Test("a single call has at most 1 MiB, a batch 5 MiB")
    func bodyLimits() async throws {
        func padded(_ text: String, to count: Int) -> String {
            text + String(repeating: " ", count: count - text.utf8.count)
        }
        let call = #"{"jsonrpc":"2.0","method":"sum","params":[1],"id":1}"#
        for (text, limit) in [(call, 1_048_576), ("[\(call)]", 5_242_880)] {
            #expect(
                try #require(await Self.answer(padded(text, to: limit))).contains("\"result\":1")
            )
            let over = try #require(await Self.answer(padded(text, to: limit + 1)))
            #expect(over.contains("limit_exceeded"))
        }
    }
}
