//! What the operator was told when it was installed, and every MailCluster takes for granted.

use std::fmt;

/// A key of a Secret in the MailCluster's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOfSecret {
    /// Name of the Secret.
    pub name: String,
    /// Key within it.
    pub key: String,
}

/// The same for every MailCluster that this operator owns.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// The image of `postern`; its entry point is the binary.
    pub image: String,
    /// When the kubelet pulls it; left out, as Kubernetes decides by the tag.
    pub pull_policy: Option<String>,
    /// Secrets by which it may.
    pub pull_secrets: Vec<String>,
    /// The key that seals what rests sealed. Every pod mounts it; who loses it loses every password and DKIM key.
    pub seal_key: KeyOfSecret,
    /// The domain of the cluster's own names, as the kubelet knows it.
    pub cluster_domain: String,
    /// What egress pods demand of senders; empty where it is not known yet, and then there are none.
    pub egress_token: String,
}

impl Options {
    /// An image, and all else as it usually is.
    #[must_use]
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            pull_policy: None,
            pull_secrets: Vec::new(),
            seal_key: KeyOfSecret { name: "postern-seal-key".to_owned(), key: "seal.key".to_owned() },
            cluster_domain: "cluster.local".to_owned(),
            egress_token: String::new(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("image", &self.image).finish_non_exhaustive()
    }
}
