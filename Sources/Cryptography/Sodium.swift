import CSodium

/// The one place where libsodium is initialised. Everything here works without it, but slower and,
/// for random bytes and guarded memory, not at all.
enum Sodium {
    private static let isReady: Bool = sodium_init() >= 0

    /// - Precondition: the library initialises; it fails only where the system has no entropy.
    static func prepare() { precondition(isReady, "libsodium cannot start") }
}
