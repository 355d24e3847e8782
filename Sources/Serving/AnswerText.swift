import LanguageModel
import Synchronization

/// The text of one answer while its tokens come, up to a stop text.
final class AnswerText: Sendable {
    private struct State {
        var decoder: StreamingDecoder
        var scanner: StopScanner
    }

    private let state: Mutex<State>
    private let onText: @Sendable (String) -> Bool

    /// - Parameter onText: is given the text as it comes; returning false ends the answer.
    init(
        _ tokenizer: Tokenizer,
        stops: [String],
        onText: @escaping @Sendable (String) -> Bool
    ) {
        state = Mutex(State(decoder: StreamingDecoder(tokenizer), scanner: StopScanner(stops)))
        self.onText = onText
    }

    /// Whether more tokens are wanted after this one.
    func take(_ token: UInt32) -> Bool {
        let (text, isStopped) = state.withLock { state in
            (state.scanner.append(state.decoder.append(token)), state.scanner.isStopped)
        }
        let isWanted = text.isEmpty || onText(text)
        return isWanted && !isStopped
    }

    /// Passes on what was held back, and says whether a stop text was found.
    func finish() -> Bool {
        let (rest, isStopped) = state.withLock { state in
            let rest = state.scanner.append(state.decoder.finish()) + state.scanner.finish()
            return (rest, state.scanner.isStopped)
        }
        if !rest.isEmpty { _ = onText(rest) }
        return isStopped
    }
}
