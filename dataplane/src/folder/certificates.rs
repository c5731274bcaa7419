//! Certificates that lie in the folder: a Secret of type `kubernetes.io/tls` serves the names that its certificate bears.
//!
//! The same Secret that cert-manager, or anything else that renews certificates, would write in a cluster. A file that is
//! replaced is served from the next handshake on.

use std::collections::BTreeMap;

use postern_core::Secret;
use postern_net::tls::{CertificateError, Leaf, ServerCertificate};
use postern_projection::{Manifest, Object, ObjectId, Problem};
use postern_store::{
    Result,
    directory::{Certificate, Epoch},
};

use super::{
    Folder,
    parse::{CLUSTER, Parsed},
};

/// Type of the Secrets that are meant.
const TYPE: &str = "kubernetes.io/tls";

impl Folder {
    /// Puts what the folder holds into the directory. What it held before and no longer does goes, unless a part of the folder
    /// cannot be read. Returns what is wrong.
    pub(super) async fn keep_certificates(&self, parsed: &Parsed, epoch: Epoch) -> Result<Vec<Problem>> {
        let (mut wanted, mut problems) = (BTreeMap::<String, Certificate>::new(), Vec::new());
        for manifest in &parsed.manifests {
            match certificates(manifest) {
                Ok(found) => {
                    for certificate in found {
                        // Of two for one host the one that lasts longer.
                        let lasts = wanted.get(&certificate.host).is_none_or(|other| other.not_after < certificate.not_after);
                        if lasts {
                            wanted.insert(certificate.host.clone(), certificate);
                        }
                    }
                }
                Err(error) => problems.push(problem(manifest, &error)),
            }
        }
        let directory = &self.0.directory;
        for certificate in wanted.values() {
            if directory.set_certificate(certificate, epoch).await? {
                tracing::info!(host = certificate.host, not_after = %certificate.not_after, "a certificate of the folder is served");
            }
        }
        let kept = directory.certificates().await?;
        let gone = kept.into_iter().filter(|facts| facts.origin == CLUSTER && !wanted.contains_key(&facts.host));
        let gone: Vec<String> = gone.map(|facts| facts.host).collect();
        if !gone.is_empty() && parsed.is_complete() && problems.is_empty() {
            directory.remove_certificates(&gone, epoch).await?;
        }
        Ok(problems)
    }
}

/// Those of one manifest: a chain serves each of its names.
fn certificates(manifest: &Manifest) -> std::result::Result<Vec<Certificate>, CertificateError> {
    let Object::Secret(secret) = &manifest.object else { return Ok(Vec::new()) };
    if secret.type_.as_deref() != Some(TYPE) {
        return Ok(Vec::new());
    }
    let part = |key: &str| {
        let text = secret.string_data.as_ref().and_then(|data| data.get(key)).map(|text| text.as_bytes().to_vec());
        text.or_else(|| secret.data.as_ref().and_then(|data| data.get(key)).map(|bytes| bytes.0.clone())).unwrap_or_default()
    };
    let (chain, private) = (part("tls.crt"), Secret::new(part("tls.key")));
    ServerCertificate::parse(&chain, private.expose())?;
    let Leaf { names, not_after } = Leaf::of_chain(&chain)?;
    let of = |host: String| Certificate { host, origin: CLUSTER.to_owned(), chain: chain.clone(), private: private.clone(), not_after };
    Ok(names.into_iter().map(of).collect())
}

fn problem(manifest: &Manifest, error: &CertificateError) -> Problem {
    let metadata = manifest.object.metadata();
    let of = |part: &Option<String>| part.clone().unwrap_or_default();
    Problem {
        file: manifest.place.file.to_string(),
        line: manifest.place.line,
        field: "data".to_owned(),
        message: error.to_string(),
        fix: "put the chain under tls.crt and its key under tls.key, both PEM".to_owned(),
        object: Some(Box::new(ObjectId { kind: "Secret".to_owned(), namespace: of(&metadata.namespace), name: of(&metadata.name) })),
    }
}
