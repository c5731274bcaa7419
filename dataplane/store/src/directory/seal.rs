//! Sealing secrets at rest: XChaCha20-Poly1305 with a key that never enters the database.
//!
//! What is sealed is bound to its place: table, row and column are authenticated with it, so a value
//! that was moved to another row does not open. The first key of the ring seals, all of them open.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use postern_core::Secret;
use rand::CryptoRng;

use crate::{
    args,
    db::Db,
    error::{Result, StoreError},
};

/// Whether the database holds anything that a ring of keys must open.
///
/// # Errors
/// As the database says.
pub async fn is_in_use(db: &Db) -> Result<bool> {
    let sql = "SELECT 1 FROM dkim_key UNION ALL SELECT 1 FROM credential WHERE kind = $1 LIMIT 1";
    Ok(db.row(sql, args![super::credential::SCRAM]).await?.is_some())
}

const KEY: usize = 32;
const NONCE: usize = 24;
const KEY_ID: usize = 4;
/// First octet of a sealed value: this layout.
const VERSION: u8 = 1;
const HEADER: usize = 1 + KEY_ID + NONCE;

/// Where a sealed value stands; it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Table.
    pub table: &'static str,
    /// The row's key as text.
    pub row: &'a str,
    /// Column.
    pub column: &'static str,
}

impl Place<'_> {
    fn associated_data(self) -> Vec<u8> {
        // Lengths first, so that no two places read the same.
        let mut out = Vec::with_capacity(48);
        for part in [self.table, self.row, self.column] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// The ring of keys and the source of nonces. Clones share both.
#[derive(Clone)]
pub struct SealKeys(Arc<Inner>);

struct Inner {
    /// Never empty; the first seals.
    keys: Vec<SealKey>,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
}

struct SealKey {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
    /// Fingerprints are keyed with it, so that a short password cannot be guessed from one.
    fingerprint: Secret<[u8; 32]>,
}

impl SealKeys {
    /// Reads a ring: one key a line, 64 hexadecimal digits; the first line seals. Empty lines and lines after `#` are skipped.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when there is no key, or a line is none. The text tells nothing of it.
    pub fn parse(ring: &[u8], rng: Box<dyn CryptoRng + Send>) -> Result<Self> {
        let text = std::str::from_utf8(ring).map_err(|_| StoreError::Refused("the seal key file is not text".into()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.enumerate().map(|(i, line)| {
            let key = key_of_hex(line).ok_or_else(|| StoreError::Refused(format!("seal key {} is not 64 hexadecimal digits", i + 1)))?;
            Ok(SealKey::new(&key))
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Err(StoreError::Refused("the seal key file holds no key".into()));
        }
        Ok(Self(Arc::new(Inner { keys, rng: Mutex::new(rng) })))
    }

    /// A new line for a ring: put first, it seals from then on.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Secret<String> {
        let mut key = [0; KEY];
        rng.fill_bytes(&mut key);
        Secret::new(key.iter().fold(String::with_capacity(2 * KEY + 1), |line, b| line + &format!("{b:02x}")) + "\n")
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a value beyond the cipher's limit, which is 256 GiB.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        self.0.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut nonce);
        let key = self.current()?;
        let aad = place.associated_data();
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: value, aad: &aad })
            .map_err(|_| StoreError::Refused("too long to seal".into()))?;
        let mut out = Vec::with_capacity(HEADER + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&key.id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens a value that stands at `place`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it was sealed with no key of this ring, for another place, or was changed.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret<Vec<u8>>> {
        let damaged = |why: &str| StoreError::Damaged(format!("{}.{} of {}: {why}", place.table, place.column, place.row));
        let (header, body) = sealed.split_at_checked(HEADER).ok_or_else(|| damaged("too short to be sealed"))?;
        let Some((&VERSION, rest)) = header.split_first() else { return Err(damaged("sealed by a newer version")) };
        let (id, nonce) = rest.split_at(KEY_ID);
        let key = self.0.keys.iter().find(|key| key.id == id).ok_or_else(|| damaged("sealed with a key that is not here"))?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| damaged("too short to be sealed"))?;
        let aad = place.associated_data();
        let opened = key.cipher.decrypt(&XNonce::from(nonce), Payload { msg: body, aad: &aad });
        opened.map(Secret::new).map_err(|_| damaged("does not open"))
    }

    /// Whether the key that seals now has sealed it.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        self.0.keys.first().is_some_and(|key| sealed.get(1..=KEY_ID) == Some(&key.id[..]))
    }

    /// A fingerprint of a secret by which a change is seen, and from which nothing can be guessed without the ring.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] never in practice: a ring has a key.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> Result<Vec<u8>> {
        Ok(self.current()?.fingerprint(parts))
    }

    /// Whether `fingerprint` is of this secret, under any key of the ring.
    #[must_use]
    pub fn matches(&self, fingerprint: &[u8], parts: &[&[u8]]) -> bool {
        self.0.keys.iter().any(|key| fingerprint.starts_with(&key.id) && key.fingerprint(parts) == fingerprint)
    }

    fn current(&self) -> Result<&SealKey> {
        self.0.keys.first().ok_or_else(|| StoreError::Damaged("the ring of seal keys is empty".into()))
    }
}

impl SealKey {
    fn new(key: &[u8; KEY]) -> Self {
        let named = blake3::derive_key("postern seal key id v1", key);
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&named[..KEY_ID]);
        let fingerprint = Secret::new(blake3::derive_key("postern credential fingerprint v1", key));
        Self { id, cipher: XChaCha20Poly1305::new(&(*key).into()), fingerprint }
    }

    fn fingerprint(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut hasher = blake3::Hasher::new_keyed(self.fingerprint.expose());
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        [&self.id[..], hasher.finalize().as_bytes()].concat()
    }
}

fn key_of_hex(line: &str) -> Option<[u8; KEY]> {
    if line.len() != 2 * KEY || !line.is_ascii() {
        return None;
    }
    let mut key = [0; KEY];
    for (i, octet) in key.iter_mut().enumerate() {
        *octet = u8::from_str_radix(line.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(key)
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKeys({} keys)", self.0.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    const HERE: Place<'_> = Place { table: "dkim_key", row: "a/example.org/s1", column: "private" };

    fn rng(seed: u64) -> StdRng {
        StdRng::seed_from_u64(seed)
    }

    fn ring(lines: &[&Secret<String>]) -> SealKeys {
        let text: String = lines.iter().map(|line| line.expose().as_str()).collect();
        SealKeys::parse(text.as_bytes(), Box::new(rng(9))).unwrap()
    }

    #[test]
    fn opens_at_its_place_only() {
        let keys = ring(&[&SealKeys::generate(&mut rng(1))]);
        let sealed = keys.seal(HERE, b"the key").unwrap();
        assert_eq!(keys.open(HERE, &sealed).unwrap().expose(), b"the key");
        assert!(keys.open(Place { row: "b/example.org/s1", ..HERE }, &sealed).is_err());
        assert!(keys.open(Place { column: "public", ..HERE }, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(HERE, &changed).is_err(), "octet {at}");
            assert!(keys.open(HERE, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn an_older_key_still_opens_and_is_not_current() {
        let (old, new) = (SealKeys::generate(&mut rng(1)), SealKeys::generate(&mut rng(2)));
        let sealed = ring(&[&old]).seal(HERE, b"x").unwrap();
        let both = ring(&[&new, &old]);
        assert!(!both.is_current(&sealed));
        assert_eq!(both.open(HERE, &sealed).unwrap().expose(), b"x");
        assert!(both.is_current(&both.seal(HERE, b"x").unwrap()));
        assert!(ring(&[&new]).open(HERE, &sealed).is_err());
    }

    #[test]
    fn a_fingerprint_outlives_the_rotation_and_needs_the_key() {
        let (old, new) = (SealKeys::generate(&mut rng(1)), SealKeys::generate(&mut rng(2)));
        let print = ring(&[&old]).fingerprint(&[b"a", b"bc"]).unwrap();
        assert!(ring(&[&new, &old]).matches(&print, &[b"a", b"bc"]));
        assert!(!ring(&[&new, &old]).matches(&print, &[b"ab", b"c"]));
        assert!(!ring(&[&new]).matches(&print, &[b"a", b"bc"]));
    }

    #[test]
    fn a_ring_that_is_none_is_refused_without_showing_it() {
        for text in ["", "# nothing\n", "abc", "zz00000000000000000000000000000000000000000000000000000000000000"] {
            let error = SealKeys::parse(text.as_bytes(), Box::new(rng(1))).unwrap_err();
            assert!(!error.to_string().contains("abc") && !error.to_string().contains("zz"));
        }
    }
}
