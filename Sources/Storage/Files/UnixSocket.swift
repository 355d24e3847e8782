// Unix-domain sockets for calls between programs of one user on one machine: a node and whoever
// administers it, a node and its signer. Whoever may open the socket's file may call.

import Glibc

/// A connection that carries whole messages: four bytes of length, big-endian, then the message.
package final class UnixConnection: Sendable {
    package static let messageLimit = 1 << 20

    private let descriptor: Int32
    private let path: String

    fileprivate init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Connects to the listener at `path`; refuses a socket that other users may open.
    package init(to path: String, timeoutSeconds: Int = 10) throws(StorageError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw StorageError(errno: errno, path: path) }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .io(path: path, detail: "it is no socket")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .io(path: path, detail: "others may use this socket: its mode must be 0600")
        }
        let opened = try UnixListener.makeSocket(path)
        descriptor = opened
        self.path = path
        let result = try unsafe UnixListener.withAddress(path) { address, length in
            unsafe connect(opened, address, length)
        }
        guard result == 0 else { throw StorageError(errno: errno, path: path) }
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(opened, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    package func send(_ message: [UInt8]) throws(StorageError) {
        guard message.count <= Self.messageLimit else {
            throw .io(path: path, detail: "a message has at most \(Self.messageLimit) bytes")
        }
        let bytes = ChainKey.bigEndian(UInt32(message.count)) + message
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor,
                    buffer.baseAddress?.advanced(by: done),
                    buffer.count - done,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw StorageError(errno: errno, path: path) }
            done += count
        }
    }

    /// The next message; nil when the other side has closed the connection.
    package func receive() throws(StorageError) -> [UInt8]? {
        guard let head = try read(4) else { return nil }
        let length = Int(ChainKey.number(head, count: 4) ?? 0)
        guard length <= Self.messageLimit else {
            throw .io(path: path, detail: "a message has at most \(Self.messageLimit) bytes")
        }
        return try read(length)
    }

    private func read(_ count: Int) throws(StorageError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress?.advanced(by: done), count - done, 0)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw StorageError(errno: errno, path: path) }
            if got == 0 { return nil }
            done += got
        }
        return bytes
    }
}

/// A socket file, mode 0600, that takes connections until it is let go.
package final class UnixListener: Sendable {
    package let path: String
    private let descriptor: Int32

    /// Takes the place of a socket that a process which is gone has left; the caller holds the lock
    /// of the directory, so that no living one can have it.
    package init(path: String) throws(StorageError) {
        try Files.remove(path)
        let opened = try Self.makeSocket(path)
        self.path = path
        descriptor = opened
        // Linux gives the file the mode of the socket, so that it never has a looser one.
        let isPrivate = fchmod(opened, 0o600) == 0
        let result = try unsafe Self.withAddress(path) { address, length in
            unsafe bind(opened, address, length)
        }
        guard isPrivate, result == 0, listen(opened, 16) == 0 else {
            throw StorageError(errno: errno, path: path)
        }
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Waits for a connection; nil once `stop` was called.
    package func accept() throws(StorageError) -> UnixConnection? {
        while true {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 { return UnixConnection(descriptor: accepted, path: path) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EINVAL, EBADF: return nil
            default: throw StorageError(errno: errno, path: path)
            }
        }
    }

    /// Ends a waiting `accept`, and removes the file.
    package func stop() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        try? Files.remove(path)
    }

    fileprivate static func makeSocket(_ path: String) throws(StorageError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw StorageError(errno: errno, path: path) }
        return descriptor
    }

    fileprivate static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(StorageError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let limit = MemoryLayout.size(ofValue: address.sun_path)
        let bytes = Array(path.utf8)
        guard bytes.count < limit else {
            throw .io(path: path, detail: "the path of a socket has at most \(limit - 1) bytes")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
