//! A certificate authority of one's own, for a first try and for tests: made once in a folder, used
//! again at the next start. Clients trust `ca.pem` and then every name that the leaf carries.
//!
//! Not for a public server: nobody else trusts it, and its key lies beside it (0600).

use std::{
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postern_core::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::provider;

const DAY: Duration = Duration::from_secs(86_400);
/// Some systems take no leaf that lives longer than 825 days.
const LEAF_DAYS: u32 = 397;
/// A leaf with less left than this is made anew.
const RENEW_DAYS: u32 = 30;
const CA_DAYS: u32 = 20 * 366;

/// A local authority and the leaf that it vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalCa {
    /// Where clients find what to trust.
    pub ca_file: PathBuf,
    /// The authority's certificate, PEM.
    pub ca_pem: String,
    /// The leaf's certificate, PEM.
    pub chain_pem: String,
    /// The leaf's key, PEM; file mode 0600.
    pub key_file: PathBuf,
    /// Whether the leaf was made by this call.
    pub renewed: bool,
}

/// Why there is no local certificate.
#[derive(Debug, thiserror::Error)]
pub enum LocalCaError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A name is neither host name nor address, or a key is damaged; delete the folder to begin anew.
    #[error("cannot make a local certificate: {0}")]
    Make(#[from] rcgen::Error),
}

impl LocalCa {
    /// Opens the authority in `folder`, or makes it, with a leaf for `names` (host names, `*.` names, IP addresses).
    /// The leaf is kept as long as it is valid for every name and for 30 more days.
    ///
    /// # Errors
    /// [`LocalCaError`].
    pub fn open(folder: &Path, names: &[String], now: Timestamp) -> Result<Self, LocalCaError> {
        let file = |name: &str| folder.join(name);
        let (ca_file, key_file) = (file("ca.pem"), file("server-key.pem"));
        fs::create_dir_all(folder).map_err(|source| LocalCaError::File { path: folder.to_owned(), source })?;
        let (ca_pem, ca_key, new_ca) = authority(&ca_file, &file("ca-key.pem"), now)?;
        let kept = if new_ca { None } else { read(&file("server.pem"))?.filter(|_| key_file.exists()) };
        if let Some(chain_pem) = kept.filter(|leaf| serves(&ca_pem, leaf, names, now + DAY * RENEW_DAYS)) {
            return Ok(Self { ca_file, ca_pem, chain_pem, key_file, renewed: false });
        }
        let key = KeyPair::generate()?;
        let chain_pem = leaf(names, now)?.signed_by(&key, &Issuer::new(authority_params(now), ca_key))?.pem();
        // The key first: a leaf without its key would be kept at the next start.
        write(&key_file, &key.serialize_pem(), 0o600)?;
        write(&file("server.pem"), &chain_pem, 0o644)?;
        Ok(Self { ca_file, ca_pem, chain_pem, key_file, renewed: true })
    }

    /// The leaf's key, PEM.
    ///
    /// # Errors
    /// When the file is gone.
    pub fn key_pem(&self) -> Result<String, LocalCaError> {
        fs::read_to_string(&self.key_file).map_err(|source| LocalCaError::File { path: self.key_file.clone(), source })
    }
}

/// Certificate and key of the authority, and whether they are new.
fn authority(cert_file: &Path, key_file: &Path, now: Timestamp) -> Result<(String, KeyPair, bool), LocalCaError> {
    if let (Some(cert), Some(key)) = (read(cert_file)?, read(key_file)?) {
        return Ok((cert, KeyPair::from_pem(&key)?, false));
    }
    let key = KeyPair::generate()?;
    let cert = authority_params(now).self_signed(&key)?.pem();
    write(key_file, &key.serialize_pem(), 0o600)?;
    write(cert_file, &cert, 0o644)?;
    Ok((cert, key, true))
}

fn authority_params(now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished("Postern local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    lives(&mut params, now, CA_DAYS);
    params
}

fn leaf(names: &[String], now: Timestamp) -> Result<CertificateParams, LocalCaError> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name = distinguished(names.first().map_or("localhost", String::as_str));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    lives(&mut params, now, LEAF_DAYS);
    Ok(params)
}

fn distinguished(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

/// From yesterday (clocks differ) for so many days.
fn lives(params: &mut CertificateParams, now: Timestamp, days: u32) {
    let date = |at: Timestamp| {
        let (year, month, day, ..) = at.civil();
        rcgen::date_time_ymd(i32::try_from(year).unwrap_or(9999), month, day)
    };
    params.not_before = date(now - DAY);
    params.not_after = date(now + DAY * days);
}

/// Whether a client that trusts the authority would take the leaf for every name at that time.
fn serves(ca_pem: &str, leaf_pem: &str, names: &[String], at: Timestamp) -> bool {
    let check = || {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).ok()?).ok()?;
        let leaf = CertificateDer::from_pem_slice(leaf_pem.as_bytes()).ok()?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok()?;
        let at = UnixTime::since_unix_epoch(at.since(Timestamp::default()));
        names
            .iter()
            .all(|name| {
                // A wildcard is tried by a name that it covers.
                let host = name.strip_prefix('*').map_or_else(|| name.clone(), |rest| format!("any{rest}"));
                ServerName::try_from(host).is_ok_and(|name| verifier.verify_server_cert(&leaf, &[], &name, &[], at).is_ok())
            })
            .then_some(())
    };
    check().is_some()
}

fn read(path: &Path) -> Result<Option<String>, LocalCaError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LocalCaError::File { path: path.to_owned(), source }),
    }
}

/// Writes beside and renames, so that a crash leaves the old file or the new one.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), LocalCaError> {
    let beside = path.with_extension("new");
    let written = || {
        let _ = fs::remove_file(&beside);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|source| LocalCaError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder of this test alone, gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("postern-local-ca-{test}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn is_made_once_and_kept() {
        let folder = Folder::new("kept");
        let now = Timestamp::from_secs(1_795_305_600);
        let wanted = names(&["mail.example.org", "*.example.net", "localhost", "127.0.0.1"]);
        let first = LocalCa::open(&folder.0, &wanted, now).unwrap();
        assert!(first.renewed);
        let second = LocalCa::open(&folder.0, &wanted, now + DAY * 300).unwrap();
        assert_eq!(second, LocalCa { renewed: false, ..first });
        for key in ["ca-key.pem", "server-key.pem"] {
            assert_eq!(fs::metadata(folder.0.join(key)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn the_leaf_is_renewed_under_the_same_authority() {
        let folder = Folder::new("renewed");
        let now = Timestamp::from_secs(1_795_305_600);
        let first = LocalCa::open(&folder.0, &names(&["a.example.org"]), now).unwrap();
        let late = LocalCa::open(&folder.0, &names(&["a.example.org"]), now + DAY * (LEAF_DAYS - RENEW_DAYS + 1)).unwrap();
        assert!(late.renewed, "less than 30 days are left");
        assert_eq!(late.ca_pem, first.ca_pem);
        let more = LocalCa::open(&folder.0, &names(&["a.example.org", "b.example.org"]), now + DAY * 400).unwrap();
        assert!(more.renewed, "a name has come");
        assert!(serves(&first.ca_pem, &more.chain_pem, &names(&["a.example.org", "b.example.org"]), now + DAY * 400));
    }
}
