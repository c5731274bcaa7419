//! What is kept of passwords: verifiers, never the password; and whether a resource's password changed.
//!
//! The resource's password is recognised by a keyed fingerprint. A user who sets another keeps it until
//! the resource's changes, for the fingerprint stays what it was.

use std::fmt;

use postern_core::{AccountId, Secret, Timestamp, directory::CredentialSource};
use serde::{Deserialize, Serialize};

use super::{
    record::Wanted,
    seal::{Place, SealKeys},
};
use crate::{
    args,
    db::{Column, Tx},
    error::{Result, StoreError},
};

/// `credential.kind`.
pub(super) const ARGON2: i64 = 0;
pub(super) const SCRAM: i64 = 1;

/// What is kept for SCRAM-SHA-256 (RFC 5802 §3, RFC 7677).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScramSecret {
    /// Salt.
    pub salt: Vec<u8>,
    /// PBKDF2 rounds.
    pub iterations: u32,
    /// `H(ClientKey)`.
    pub stored_key: Secret<Vec<u8>>,
    /// `HMAC(SaltedPassword, "Server Key")`.
    pub server_key: Secret<Vec<u8>>,
}

/// What is made of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifiers {
    /// `$argon2id$…`.
    pub phc: String,
    /// For SCRAM; `None` when only a hash is known. It follows at the first PLAIN login.
    pub scram: Option<ScramSecret>,
}

impl fmt::Debug for Verifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifiers([secret])")
    }
}

/// What the resource's password means for the account's row.
pub(super) enum Step {
    /// Leave it.
    Keep,
    /// It is new or changed, and verifiers are needed.
    Hash,
    /// One must be made.
    Generate,
    /// A hash that was given as such.
    Take(String),
}

/// `stored` is the row's fingerprint: `None` no row, `Some(None)` a row that is the user's own.
pub(super) fn step(keys: &SealKeys, wanted: &Wanted<'_>, source: &CredentialSource, stored: Option<&Option<Vec<u8>>>) -> Step {
    let Some(secret) = secret_of(source) else {
        return if matches!(source, CredentialSource::Generate) && stored.is_none() { Step::Generate } else { Step::Keep };
    };
    let known = stored.and_then(Option::as_ref).is_some_and(|print| keys.matches(print, &bound(wanted, secret)));
    match (known, source) {
        (true, _) => Step::Keep,
        (false, CredentialSource::Phc(phc)) => Step::Take(phc.clone()),
        (false, _) => Step::Hash,
    }
}

/// The fingerprint to remember for this password; `None` for one that was made here.
pub(super) fn fingerprint(keys: &SealKeys, wanted: &Wanted<'_>, source: &CredentialSource) -> Result<Option<Vec<u8>>> {
    secret_of(source).map(|secret| keys.fingerprint(&bound(wanted, secret))).transpose()
}

fn secret_of(source: &CredentialSource) -> Option<&str> {
    match source {
        CredentialSource::Clear(password) => Some(password.expose()),
        CredentialSource::Phc(phc) => Some(phc),
        CredentialSource::None | CredentialSource::Generate => None,
    }
}

/// Bound to the resource but not its cluster: the same Git in a new cluster is no change, and equal passwords do not show.
fn bound<'a>(wanted: &'a Wanted<'_>, secret: &'a str) -> [&'a [u8]; 3] {
    [wanted.tenant.as_bytes(), wanted.source.name.as_bytes(), secret.as_bytes()]
}

/// One account's new password.
pub(super) struct NewPassword {
    pub account: AccountId,
    pub verifiers: Verifiers,
    pub fingerprint: Option<Vec<u8>>,
}

/// Replaces passwords and their SCRAM verifiers.
pub(super) async fn write(tx: &mut Tx, keys: &SealKeys, passwords: &[NewPassword], now: Timestamp) -> Result<()> {
    if passwords.is_empty() {
        return Ok(());
    }
    let accounts: Vec<i64> = passwords.iter().map(|p| p.account.0).collect();
    tx.execute("DELETE FROM credential WHERE account = ANY($1) AND kind <= 1", args![&accounts]).await?;
    let hashes = passwords.iter().map(|p| Ok((p.account, ARGON2, p.verifiers.phc.clone().into_bytes(), p.fingerprint.clone())));
    let scrams = passwords.iter().filter_map(|p| Some((p.account, p.verifiers.scram.as_ref()?)));
    let scrams = scrams.map(|(account, scram)| Ok((account, SCRAM, seal_scram(keys, account, scram)?, None)));
    let rows = hashes.chain(scrams).collect::<Result<Vec<_>>>()?;
    let columns = [
        Column::ints(rows.iter().map(|row| row.0.0)),
        Column::ints(rows.iter().map(|row| row.1)),
        Column::Bytes(rows.iter().map(|row| row.2.clone()).collect()),
        Column::OptBytes(rows.iter().map(|row| row.3.clone()).collect()),
        Column::ints(rows.iter().map(|_| now.0)),
    ];
    tx.batch("INSERT INTO credential (account, kind, verifier, digest, changed_at) {rows}", &columns).await?;
    Ok(())
}

/// The user's own new password; the resource's fingerprint stays.
pub(super) async fn set_own(tx: &mut Tx, keys: &SealKeys, account: AccountId, verifiers: &Verifiers, now: Timestamp) -> Result<()> {
    let row = tx.row("SELECT digest FROM credential WHERE account = $1 AND kind = 0", args![account]).await?;
    let fingerprint = row.map(|row| row.opt_bytes(0)).transpose()?.flatten();
    write(tx, keys, &[NewPassword { account, verifiers: verifiers.clone(), fingerprint }], now).await
}

/// Adds SCRAM to an account whose hash is still `phc`; false when it was changed meanwhile.
pub(super) async fn add_scram(
    tx: &mut Tx,
    keys: &SealKeys,
    account: AccountId,
    phc: &str,
    scram: &ScramSecret,
    now: Timestamp,
) -> Result<bool> {
    let sealed = seal_scram(keys, account, scram)?;
    let sql = "INSERT INTO credential (account, kind, verifier, changed_at) \
         SELECT account, 1, $2, $3 FROM credential WHERE account = $1 AND kind = 0 AND verifier = $4 \
         ON CONFLICT (account, kind, id) DO NOTHING";
    Ok(tx.execute(sql, args![account, &sealed, now, phc.as_bytes()]).await? == 1)
}

fn seal_scram(keys: &SealKeys, account: AccountId, scram: &ScramSecret) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(scram).map_err(|e| StoreError::Refused(e.to_string()))?;
    keys.seal(place(&scram_row(account)), &text)
}

/// Opens a SCRAM verifier as its row holds it.
pub(super) fn open_scram(keys: &SealKeys, account: AccountId, sealed: &[u8]) -> Result<ScramSecret> {
    let text = keys.open(place(&scram_row(account)), sealed)?;
    serde_json::from_slice(text.expose()).map_err(|_| StoreError::Damaged("a SCRAM verifier that does not read".into()))
}

/// Row key of a SCRAM verifier, as its seal knows it.
pub(super) fn scram_row(account: AccountId) -> String {
    format!("{}/{SCRAM}/0", account.0)
}

pub(super) const fn place(row: &str) -> Place<'_> {
    Place { table: "credential", row, column: "verifier" }
}
