import Node
import Replica
import Testing

extension ValidatorSigner {
    /// Signs with the first of the keys: most validators have one.
    mutating func sign(_ request: SignRequest) throws -> SignedItem {
        let item = try sign(request, with: try #require(publicKeys.first))
        return try #require(item)
    }
}
