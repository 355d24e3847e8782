/// The element types of safetensors, in the order by which its writer sorts tensors (largest last).
package enum SafetensorsType: UInt8, CaseIterable, Sendable {
    case bool, f4, f6e2m3, f6e3m2, u8, i8, f8e5m2, f8e4m3, f8e8m0, f8e4m3fnuz, f8e5m2fnuz
    case i16, u16, f16, bf16, i32, u32, f32, c64, f64, i64, u64

    package var name: String {
        switch self {
        case .f6e2m3: "F6_E2M3"
        case .f6e3m2: "F6_E3M2"
        case .f8e5m2: "F8_E5M2"
        case .f8e4m3: "F8_E4M3"
        case .f8e8m0: "F8_E8M0"
        case .f8e4m3fnuz: "F8_E4M3FNUZ"
        case .f8e5m2fnuz: "F8_E5M2FNUZ"
        default: "\(self)".uppercased()
        }
    }

    package var bits: Int {
        switch self {
        case .f4: 4
        case .f6e2m3, .f6e3m2: 6
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
        case .i16, .u16, .f16, .bf16: 16
        case .i32, .u32, .f32: 32
        case .c64, .f64, .i64, .u64: 64
        }
    }

    package init?(name: String) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else {
            return nil
        }
        self = type
    }

    /// The bytes that a tensor of this shape takes, or nil when that overflows or is no whole
    /// number of bytes.
    package func byteCount(of shape: [Int]) -> Int? {
        guard let count = elementCount(of: shape) else { return nil }
        let (total, overflow) = count.multipliedReportingOverflow(by: bits)
        guard !overflow, total % 8 == 0 else { return nil }
        return total / 8
    }
}
