import Coordination

extension Elections {
    /// Defaults and limits of /v1. Sizes are bytes of UTF-8.
    public struct Settings: Hashable, Sendable {
        /// Of a campaign that gives none.
        public var defaultLeaseDuration: Interval = .seconds(30)
        public var minLeaseDuration: Interval = .seconds(1)
        public var maxLeaseDuration: Interval = .hours(1)
        /// How long a plain answer is held back: proxies cut a silence of 30 s.
        public var longPollMax: Interval = .seconds(25)
        /// How long a stream waits that says no `wait`.
        public var defaultStreamWait: Interval = .hours(1)
        public var streamMax: Interval = .hours(24)

        public var holderBytesMax = 253
        public var campaignIDBytesMax = 128
        public var reasonBytesMax = 1024
        /// Names and values together.
        public var infoBytesMax = 16 * 1024
        /// Names and values together.
        public var resultBytesMax = 64 * 1024
        public var artifactsMax = 1000
        public var artifactNameBytesMax = 1024
        public var maxAttemptsMax = 1000
        /// Of one name, at a time.
        public var permitsMax = 10_000
        /// Of one campaign, beside its own.
        public var alsoMax = 15
        public var workBytesMax = 253
        public var phaseBytesMax = 128
        /// Of one wait for several markers.
        public var namesMax = 100

        /// Of a list that gives no `limit`.
        public var defaultLimit = 100
        public var limitMax = 1000
        /// A list's part ends with the item that exceeds this, and says where to go on: a thousand markers
        /// may have 64 MiB of results.
        public var listBytes = 1024 * 1024

        public init() {}

        /// What contradicts itself, in words; nil if nothing does.
        public var contradiction: String? {
            if minLeaseDuration <= .zero { return "minLeaseDuration has to be above 0" }
            if minLeaseDuration > maxLeaseDuration { return "minLeaseDuration is above maxLeaseDuration" }
            if !(minLeaseDuration...maxLeaseDuration).contains(defaultLeaseDuration) {
                return "defaultLeaseDuration is not between minLeaseDuration and maxLeaseDuration"
            }
            if longPollMax < .zero { return "longPollMax is below 0" }
            if !(Interval.zero...streamMax).contains(defaultStreamWait) {
                return "defaultStreamWait is not between 0 and streamMax"
            }
            if !(1...limitMax).contains(defaultLimit) { return "defaultLimit is not between 1 and limitMax" }
            return nil
        }
    }
}
