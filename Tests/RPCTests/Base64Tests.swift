import Foundation
import RPC
import TestSupport
import Testing

@Suite("Base64") struct Base64Tests {
    @Test("agrees with an independent encoder for every length")
    func agrees() {
        var generator = SeededGenerator(seed: 7)
        for count in 0..<70 {
            let bytes = generator.bytes(count)
            let text = Base64.encode(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.decode(text) == bytes)
        }
    }

    @Test(
        "a second spelling of the same bytes is refused",
        arguments: [
            "QQ", "QQ=", "QR==", "QUJ=", "Q===", "====", "QQ==QQ==", "Q Q=", "QQ=A", "QQ-_",
        ]
    )
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
