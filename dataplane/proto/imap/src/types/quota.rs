//! What a quota limits (RFC 9208 §5).

/// `resource-name` of those that are kept count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuotaResource {
    /// `STORAGE`: octets, told in units of 1024.
    Storage,
    /// `MESSAGE`: messages.
    Message,
}

impl QuotaResource {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Storage => "STORAGE",
            Self::Message => "MESSAGE",
        }
    }
}

/// `quota-resource = resource-name SP resource-usage SP resource-limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What is limited.
    pub resource: QuotaResource,
    /// How much is used, in the resource's unit.
    pub used: u64,
    /// How much there may be.
    pub limit: u64,
}
