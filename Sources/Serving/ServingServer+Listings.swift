import Commitments
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import LanguageModel
import Primitives

extension ServingServer {
    /// The base model and every adapter, with the reason where one is not served.
    func models() async -> JSON {
        let base: JSON = [
            "id": .string(service.setup.baseName), "object": "model",
            "created": .integer(service.started), "owned_by": "openledger",
            "root": .string("\(service.setup.base.weightsRoot)"), "parent": .null,
        ]
        let adapters = await service.catalog.all.map { entry -> JSON in
            var members: [JSONObject.Member] = [
                .init(key: "id", value: .string(entry.name)),
                .init(key: "object", value: "model"),
                .init(key: "created", value: .integer(service.started)),
                .init(key: "owned_by", value: "openledger"),
                .init(key: "parent", value: .string(service.setup.baseName)),
            ]
            switch entry.state {
            case .success(let adapter):
                members += [
                    .init(key: "root", value: .string("\(adapter.identity.canonicalRoot)")),
                    .init(key: "adapter", value: .string("\(adapter.verified.id)")),
                    .init(key: "standing", value: .string(adapter.verified.standing)),
                    .init(key: "verified_height", value: .integer(adapter.verified.height.value)),
                    .init(
                        key: "price_per_token",
                        value: .string("\(adapter.verified.pricePerToken.units)")
                    ),
                ]
            case .failure(let refusal):
                members += [
                    .init(key: "root", value: .null),
                    .init(key: "refused", value: .string(refusal.reason)),
                ]
            }
            return .object(JSONObject(members))
        }
        return ["object": "list", "data": .array([base] + adapters)]
    }

    /// `?after=<index>&limit=<count>`: receipts with their Borsh bytes, for settling.
    func receipts(_ request: Request) async throws -> Response {
        if let token = configuration.receiptToken {
            guard request.headers[.authorization] == "Bearer \(token)" else {
                throw ServingError(.notAuthorised, "receipts need the provider's bearer token")
            }
        }
        let after = try Self.number(request, "after", 0...Int.max) ?? 0
        let limit = try Self.number(request, "limit", 1...100) ?? 100
        let all = await service.receipts
        let start = min(after, all.count)
        let end = min(all.count, start + limit)
        let data = all[start..<end].enumerated().map { offset, stored -> JSON in
            let receipt = stored.receipt
            return [
                "index": .integer(start + offset),
                "digest": .string("\(receipt.digest)"),
                "channel": .string("\(receipt.channel)"),
                "sequence": .integer(receipt.sequence),
                "adapter": .string("\(receipt.adapter)"),
                "prompt_tokens": .integer(receipt.prompt.count),
                "completion_tokens": .integer(receipt.completion.count),
                "fee": .string("\(receipt.fee.units)"),
                "receipt": .string(Data(receipt.borshBytes).base64EncodedString()),
                "voucher": stored.voucher.map {
                    .string(Data($0.borshBytes).base64EncodedString())
                } ?? .null,
            ]
        }
        return Self.json([
            "object": "list", "data": .array(data),
            "next": end < all.count ? .integer(end) : .null,
        ])
    }

    private static func number(
        _ request: Request,
        _ name: String,
        _ range: ClosedRange<Int>
    ) throws(ServingError) -> Int? {
        guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ServingError(
                .invalidRequest,
                "\"\(name)\" must be from \(range.lowerBound) to \(range.upperBound)",
                parameter: name
            )
        }
        return number
    }
}
