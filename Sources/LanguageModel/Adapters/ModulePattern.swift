// The regular expressions of PEFT's files, matched without backtracking: a pattern comes from a
// stranger's adapter, and every node has to agree about it in bounded time. What Python's `re`
// understands beyond this grammar is refused.

/// A pattern that a module's whole path has to match.
///
/// Literals, `.`, classes, `\d \w \s` and their opposites, groups (also `(?:…)` and `(?P<name>…)`),
/// `|`, `* + ? {m} {m,} {m,n}` (greedy or lazy, which is one for a whole match), `^` and `$`. ASCII.
package struct ModulePattern: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        /// What stands at this byte is no part of the grammar.
        case unsupported(offset: Int)
        case tooLong(limit: Int)
    }

    package static let byteLimit = 1_024
    static let instructionLimit = 4_096
    static let depthLimit = 32

    package let text: String
    private let program: [Instruction]

    package init(_ text: String) throws(Failure) {
        guard text.utf8.count <= Self.byteLimit else { throw .tooLong(limit: Self.byteLimit) }
        var parser = PatternParser(Array(text.utf8))
        program = try parser.whole()
        self.text = text
    }

    /// PEFT's rule for the keys of `rank_pattern`: the end of the path, from its start or a dot.
    package init(suffix key: String) throws(Failure) {
        try self.init("(.*\\.)?(\(key))$")
    }

    /// Steps through the text with the set of all places that the program can be at.
    package func matches(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        var current = closure([0], atStart: true, atEnd: bytes.isEmpty)
        for (index, byte) in bytes.enumerated() {
            var next: [Int] = []
            for place in current where place < program.count {
                if case .byte(let set) = program[place], set.contains(byte) {
                    next.append(place + 1)
                }
            }
            current = closure(next, atStart: false, atEnd: index + 1 == bytes.count)
        }
        return current.contains(program.count)
    }

    /// All places that are reached without reading a byte.
    private func closure(_ places: [Int], atStart: Bool, atEnd: Bool) -> [Int] {
        var seen = [Bool](repeating: false, count: program.count + 1)
        var open = places
        var found: [Int] = []
        while let place = open.popLast() {
            guard !seen[place] else { continue }
            seen[place] = true
            guard place < program.count else {
                found.append(place)
                continue
            }
            switch program[place] {
            case .byte: found.append(place)
            case .split(let first, let second): open += [place + first, place + second]
            case .jump(let distance): open.append(place + distance)
            case .start: if atStart { open.append(place + 1) }
            case .end: if atEnd { open.append(place + 1) }
            }
        }
        return found
    }
}

/// Distances are relative to the instruction.
private enum Instruction: Sendable, Equatable {
    case byte(ByteSet)
    case split(Int, Int)
    case jump(Int)
    case start
    case end
}

/// A set of ASCII bytes.
private struct ByteSet: Sendable, Equatable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    init(_ ranges: ClosedRange<UInt8>...) {
        for range in ranges { for byte in range { insert(byte) } }
    }

    mutating func insert(_ byte: UInt8) {
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
    }

    func contains(_ byte: UInt8) -> Bool {
        byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte - 64) & 1 == 1
    }

    var inverted: ByteSet {
        var set = self
        set.low = ~low
        set.high = ~high
        return set
    }

    func union(_ other: ByteSet) -> ByteSet {
        var set = self
        set.low |= other.low
        set.high |= other.high
        return set
    }

    static let digits = ByteSet(0x30...0x39)
    static let words = ByteSet(0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a)
    static let spaces = ByteSet(0x09...0x0d, 0x1c...0x20)
    static let anyButNewline = ByteSet(0x0a...0x0a).inverted
}

/// Recursive descent; each function returns the instructions of what it read.
private struct PatternParser {
    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func whole() throws(ModulePattern.Failure) -> [Instruction] {
        let program = try alternatives()
        guard offset == bytes.count else { throw .unsupported(offset: offset) }
        return program
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = text.description.utf8
        guard bytes[offset...].starts(with: wanted) else { return false }
        offset += wanted.count
        return true
    }

    private func bounded(
        _ program: [Instruction]
    ) throws(ModulePattern.Failure) -> [Instruction] {
        guard program.count <= ModulePattern.instructionLimit else {
            throw .tooLong(limit: ModulePattern.instructionLimit)
        }
        return program
    }

    private mutating func alternatives() throws(ModulePattern.Failure) -> [Instruction] {
        var program = try sequence()
        while take("|") {
            let other = try sequence()
            program = try bounded(
                [.split(1, program.count + 2)] + program + [.jump(other.count + 1)] + other
            )
        }
        return program
    }

    private mutating func sequence() throws(ModulePattern.Failure) -> [Instruction] {
        var program: [Instruction] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            program = try bounded(program + repeated(try atom()))
        }
        return program
    }

    private mutating func repeated(
        _ atom: [Instruction]
    ) throws(ModulePattern.Failure) -> [Instruction] {
        let optional = [.split(1, atom.count + 1)] + atom
        let star = [.split(1, atom.count + 2)] + atom + [.jump(-atom.count - 1)]
        let program: [Instruction]
        if take("*") {
            program = star
        } else if take("+") {
            program = atom + star
        } else if take("?") {
            program = optional
        } else if next == UInt8(ascii: "{") {
            let counts = try counts()
            let copies = (counts.upper ?? counts.lower) + 1
            guard copies * (atom.count + 2) <= ModulePattern.instructionLimit else {
                throw .tooLong(limit: ModulePattern.instructionLimit)
            }
            let required = (0..<counts.lower).flatMap { _ in atom }
            guard let upper = counts.upper else { return required + star }
            program = required + (counts.lower..<upper).flatMap { _ in optional }
        } else {
            return atom
        }
        _ = take("?")
        // A quantifier of a quantifier is an error in Python, or possessive.
        if let byte = next, "*+?{".utf8.contains(byte) { throw .unsupported(offset: offset) }
        return program
    }

    /// `{m}`, `{m,}`, `{m,n}`.
    private mutating func counts() throws(ModulePattern.Failure) -> (lower: Int, upper: Int?) {
        let start = offset
        offset += 1
        guard let lower = number() else { throw .unsupported(offset: start) }
        if take("}") { return (lower, lower) }
        guard take(",") else { throw .unsupported(offset: start) }
        if take("}") { return (lower, nil) }
        guard let upper = number(), upper >= lower, take("}") else {
            throw .unsupported(offset: start)
        }
        return (lower, upper)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let byte = next, (0x30...0x39).contains(byte), (value ?? 0) < 1_000 {
            value = (value ?? 0) * 10 + Int(byte - 0x30)
            offset += 1
        }
        return value
    }

    private mutating func atom() throws(ModulePattern.Failure) -> [Instruction] {
        let start = offset
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "("): return try group(start)
        case UInt8(ascii: "["): return [.byte(try byteClass(start))]
        case UInt8(ascii: "."): return [.byte(.anyButNewline)]
        case UInt8(ascii: "^"): return [.start]
        case UInt8(ascii: "$"): return [.end]
        case UInt8(ascii: "\\"): return [.byte(try escape(start))]
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
            throw .unsupported(offset: start)
        case 0x20..<0x7f: return [.byte(ByteSet(byte...byte))]
        default: throw .unsupported(offset: start)
        }
    }

    private mutating func group(_ start: Int) throws(ModulePattern.Failure) -> [Instruction] {
        depth += 1
        guard depth <= ModulePattern.depthLimit else { throw .unsupported(offset: start) }
        if take("?") {
            if take("P<") {
                let name = bytes[offset...].prefix { ByteSet.words.contains($0) }
                offset += name.count
                guard !name.isEmpty, take(">") else { throw .unsupported(offset: start) }
            } else if !take(":") {
                throw .unsupported(offset: start)
            }
        }
        let program = try alternatives()
        guard take(")") else { throw .unsupported(offset: start) }
        depth -= 1
        return program
    }

    /// After a backslash: a class, or a character that is no letter or digit.
    private mutating func escape(_ start: Int) throws(ModulePattern.Failure) -> ByteSet {
        guard let byte = next else { throw .unsupported(offset: start) }
        offset += 1
        switch byte {
        case UInt8(ascii: "d"): return .digits
        case UInt8(ascii: "D"): return ByteSet.digits.inverted
        case UInt8(ascii: "w"): return .words
        case UInt8(ascii: "W"): return ByteSet.words.inverted
        case UInt8(ascii: "s"): return .spaces
        case UInt8(ascii: "S"): return ByteSet.spaces.inverted
        case 0x20..<0x7f where !ByteSet.words.contains(byte) || byte == UInt8(ascii: "_"):
            return ByteSet(byte...byte)
        default: throw .unsupported(offset: start)
        }
    }

    private mutating func byteClass(_ start: Int) throws(ModulePattern.Failure) -> ByteSet {
        let isInverted = take("^")
        var set = ByteSet()
        var isFirst = true
        while let byte = next, isFirst || byte != UInt8(ascii: "]") {
            isFirst = false
            let place = offset
            offset += 1
            guard byte != UInt8(ascii: "\\") else {
                set = set.union(try escape(place))
                continue
            }
            guard (0x20..<0x7f).contains(byte), byte != UInt8(ascii: "[") else {
                throw .unsupported(offset: place)
            }
            let isRange =
                next == UInt8(ascii: "-") && offset + 1 < bytes.count
                && bytes[offset + 1] != UInt8(ascii: "]")
            guard isRange else {
                set.insert(byte)
                continue
            }
            let upper = bytes[offset + 1]
            guard upper >= byte, upper < 0x7f, upper != UInt8(ascii: "\\") else {
                throw .unsupported(offset: place)
            }
            for member in byte...upper { set.insert(member) }
            offset += 2
        }
        guard take("]") else { throw .unsupported(offset: start) }
        return isInverted ? set.inverted : set
    }
}
