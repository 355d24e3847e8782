import CSodium

/// Secret bytes in guarded memory: kept out of swap and core dumps where the system allows it, one
/// copy only however often the value moves, and wiped when it ends.
///
/// `@unchecked`: the memory is written once, before `init` returns, and only read afterwards.
@safe
package struct SecretBytes: ~Copyable, @unchecked Sendable {
    private let memory: UnsafeMutablePointer<UInt8>
    package let count: Int

    /// - Precondition: the system still has memory to give.
    package init(count: Int, filling fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        Sodium.prepare()
        guard let base = unsafe sodium_malloc(count) else { preconditionFailure("no memory") }
        unsafe memory = base.bindMemory(to: UInt8.self, capacity: count)
        self.count = count
        unsafe fill(memory)
    }

    package init(copying bytes: [UInt8]) {
        unsafe self.init(count: bytes.count) { memory in
            for offset in bytes.indices { unsafe memory[offset] = bytes[offset] }
        }
    }

    package static func random(count: Int) -> SecretBytes {
        unsafe SecretBytes(count: count) { unsafe randombytes_buf($0, count) }
    }

    deinit { unsafe sodium_free(memory) }

    package func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafePointer(memory))
    }

    /// An ordinary copy, which nobody wipes: for sealing into a key file and for derivation only.
    package func exposed() -> [UInt8] {
        (0..<count).map { unsafe memory[$0] }
    }
}
