//! What URLAUTH's commands name (RFC 4467, RFC 5524).

/// `url-rump SP mechanism`: a URL to be authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlRump {
    /// As the client wrote it: the token signs the text.
    pub url: String,
    /// In capitals.
    pub mechanism: String,
}

/// `url-fetch-arg` (RFC 5524 §5): a URL, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlFetchArgs {
    /// As the client wrote it.
    pub url: String,
    /// Nothing asks for its octets alone, as RFC 4467 answers them.
    pub items: Vec<UrlItem>,
}

/// `url-fetch-param` (RFC 5524 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlItem {
    /// `BODY`: the octets.
    Body,
    /// `BINARY`: the octets with the transfer encoding undone.
    Binary,
    /// `BODYPARTSTRUCTURE`: what the part is.
    BodyPartStructure,
}
