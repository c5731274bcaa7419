//! What every page is made from.

use postern_core::DomainName;
use postern_store::directory::Directory;

/// The installation as its pages see it. Clones share the directory's caches.
#[derive(Clone, Debug)]
pub struct Site {
    /// Who and what is served.
    pub directory: Directory,
    /// The host of domains that name none of their own.
    pub host: DomainName,
    /// Where the other doors are.
    pub ports: Ports,
}

/// Ports as clients outside reach them; `None` is not open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// HTTPS.
    pub https: Option<u16>,
    /// IMAP, implicit TLS.
    pub imaps: Option<u16>,
    /// Submission, implicit TLS.
    pub submissions: Option<u16>,
}
