// A guess at the language of a text: by its script, and among Latin-written languages by which
// frequent words occur. It names what a dataset is mostly made of; it is wrong about short texts,
// mixtures and languages that it has no words of.

enum LanguageGuess {
    /// Words that are frequent in one language and rare in the others.
    private static let words: [(language: String, words: Set<String>)] = [
        ("English", ["the", "and", "is", "of", "to", "you", "that", "with", "what", "are"]),
        ("German", ["der", "die", "und", "das", "ist", "nicht", "ein", "mit", "zu", "wie"]),
        ("French", ["le", "les", "des", "est", "une", "et", "dans", "pour", "vous", "que"]),
        ("Spanish", ["el", "los", "las", "es", "una", "por", "con", "para", "como", "y"]),
        ("Portuguese", ["o", "os", "uma", "não", "para", "com", "você", "é", "do", "da"]),
        ("Italian", ["il", "che", "di", "è", "una", "per", "sono", "gli", "della", "come"]),
        ("Dutch", ["het", "een", "en", "van", "niet", "dat", "op", "zijn", "voor", "met"]),
        ("Polish", ["nie", "jest", "się", "na", "że", "jak", "czy", "w", "z", "dla"]),
        ("Turkish", ["ve", "bir", "bu", "için", "ne", "ile", "değil", "olarak", "da", "çok"]),
        ("Vietnamese", ["là", "và", "của", "không", "có", "được", "một", "cho", "các", "bạn"]),
        ("Indonesian", ["yang", "dan", "di", "ini", "untuk", "dengan", "tidak", "dari", "apa"]),
    ]
    private static let scalarLimit = 4000

    static func name(of text: [UInt8]) -> String {
        var scripts: [String: Int] = [:]
        var letters = 0
        let scalars = String(decoding: text.prefix(4 * scalarLimit), as: UTF8.self).unicodeScalars
        for scalar in scalars.prefix(scalarLimit) where scalar.properties.isAlphabetic {
            letters += 1
            scripts[script(scalar.value), default: 0] += 1
        }
        guard letters > 0 else { return "no letters" }
        // Japanese is mostly Han and kana, Chinese has no kana.
        if let kana = scripts["kana"], kana * 10 >= letters { return "Japanese" }
        let best = scripts.min { ($1.value, $0.key) < ($0.value, $1.key) }
        switch best?.key {
        case "Latin": return latin(String(scalars))
        case "Han": return "Chinese"
        case "kana": return "Japanese"
        case .some(let script): return script
        case nil: return "no letters"
        }
    }

    private static func script(_ code: UInt32) -> String {
        switch code {
        case 0..<0x250, 0x1e00...0x1eff, 0x2c60...0x2c7f, 0xa720...0xa7ff, 0xff21...0xff5a: "Latin"
        case 0x370...0x3ff, 0x1f00...0x1fff: "Greek"
        case 0x400...0x52f: "Cyrillic"
        case 0x530...0x58f: "Armenian"
        case 0x590...0x5ff: "Hebrew"
        case 0x600...0x6ff, 0x750...0x77f, 0x8a0...0x8ff, 0xfb50...0xfdff, 0xfe70...0xfeff: "Arabic"
        case 0x900...0x97f: "Devanagari"
        case 0x980...0x9ff: "Bengali"
        case 0xb80...0xbff: "Tamil"
        case 0xc00...0xc7f: "Telugu"
        case 0xe00...0xe7f: "Thai"
        case 0x10a0...0x10ff: "Georgian"
        case 0x3040...0x30ff, 0x31f0...0x31ff: "kana"
        case 0x1100...0x11ff, 0xac00...0xd7a3: "Korean"
        case 0x3400...0x4dbf, 0x4e00...0x9fff, 0xf900...0xfaff, 0x20000...0x323af: "Han"
        default: "another script"
        }
    }

    private static func latin(_ text: String) -> String {
        var counts = [Int](repeating: 0, count: words.count)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter }) {
            let word = String(word)
            for (place, entry) in words.enumerated() where entry.words.contains(word) {
                counts[place] += 1
            }
        }
        guard let most = counts.max(), most > 0, let place = counts.firstIndex(of: most) else {
            return "Latin script"
        }
        return words[place].language
    }
}
