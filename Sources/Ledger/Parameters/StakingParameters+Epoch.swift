package import Primitives

extension StakingParameters {
    /// Heights from 1; genesis counts to the first epoch.
    package func epoch(of height: Height) -> UInt64 {
        height.value == 0 ? 0 : (height.value - 1) / epochLength
    }

    package func isLast(_ height: Height) -> Bool { height.value.isMultiple(of: epochLength) }
}
