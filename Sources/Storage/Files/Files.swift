import Glibc

/// Whole-file operations that survive a crash at any point.
enum Files {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Makes the directory, and those above it, readable by the owner alone.
    static func makeDirectory(_ path: String) throws(StorageError) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)[...]
        var current = path.hasPrefix("/") ? "" : "."
        while let part = parts.popFirst() {
            current += "/" + part
            guard unsafe mkdir(current, 0o700) != 0, errno != EEXIST else { continue }
            throw StorageError(errno: errno, path: current)
        }
    }

    /// Replaces the file with `bytes`: a reader sees the old content or the new, never a mixture.
    static func replace(_ path: String, with bytes: [UInt8]) throws(StorageError) {
        let temporary = path + ".new"
        do {
            let file = try PosixFile(path: temporary, flags: O_WRONLY | O_CREAT | O_TRUNC)
            try file.write(bytes)
            try file.synchronise()
        }
        try rename(temporary, to: path)
    }

    /// Moves a complete, synchronised file into place and makes the move itself durable.
    static func rename(_ from: String, to: String) throws(StorageError) {
        guard unsafe Glibc.rename(from, to) == 0 else { throw StorageError(errno: errno, path: to) }
        try synchroniseDirectory(of: to)
    }

    static func synchroniseDirectory(of path: String) throws(StorageError) {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = try PosixFile(
            path: parent.isEmpty ? "/" : parent,
            flags: O_RDONLY | O_DIRECTORY
        )
        try directory.synchronise()
    }

    static func remove(_ path: String) throws(StorageError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw StorageError(errno: errno, path: path)
        }
    }

    /// What a directory holds, in no particular order.
    static func names(in directory: String) throws(StorageError) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            throw StorageError(errno: errno, path: directory)
        }
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a file, or a directory with all that it holds; what is not there is removed already.
    static func removeTree(_ path: String) throws(StorageError) {
        if unsafe rmdir(path) == 0 || errno == ENOENT { return }
        if errno == ENOTDIR { return try remove(path) }
        guard errno == ENOTEMPTY || errno == EEXIST else {
            throw StorageError(errno: errno, path: path)
        }
        for name in try names(in: path) { try removeTree(path + "/" + name) }
        guard unsafe rmdir(path) == 0 else { throw StorageError(errno: errno, path: path) }
    }
}
