// What every tensor file yields, whatever its format: names are bytes, shapes are outermost first.

/// A tensor's name as bytes, ordered lexicographically.
package struct TensorName: Hashable, Comparable, Sendable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { bytes = Array(text.utf8) }
    package init(stringLiteral value: String) { self.init(value) }

    package static func < (left: TensorName, right: TensorName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// The name as text; equal names give equal text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// For messages: what is not printable ASCII shows as `?`.
    package var description: String {
        String(decoding: bytes.map { (0x20..<0x7f).contains($0) ? $0 : 0x3f }, as: UTF8.self)
    }
}

/// A tensor in float32.
package struct NamedTensor: Sendable, Equatable {
    package let name: TensorName
    /// Outermost dimension first, as PyTorch prints it: a linear layer's weight is `[out, in]`.
    package let shape: [Int]
    /// Row-major, `shape`'s product in number.
    package let values: [Float]

    /// - Precondition: `values` has as many elements as `shape` says.
    package init(name: TensorName, shape: [Int], values: [Float]) {
        precondition(shape.reduce(1, *) == values.count)
        self.name = name
        self.shape = shape
        self.values = values
    }
}

/// The number of elements of a shape, or nil on a negative dimension or overflow.
func elementCount(of shape: [Int]) -> Int? {
    var count = 1
    for dimension in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        guard dimension >= 0, !overflow else { return nil }
        count = product
    }
    return count
}
