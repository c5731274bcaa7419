//! What URLAUTH's commands name (RFC 4467).

/// `url-rump SP mechanism`: a URL to be authorised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlRump {
    /// As the client wrote it: the token signs the text.
    pub url: String,
    /// In capitals.
    pub mechanism: String,
}
