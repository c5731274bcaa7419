//! Certificates by host: made by an issuer elsewhere, kept sealed, served by every process under the name that a client asks for.
//!
//! A process reads one when a client first asks for its host, and forgets it when the position passes its change. So
//! a renewed certificate is served everywhere by the next handshake, and a process holds only what is asked of it.

use std::{fmt, sync::Arc};

use postern_core::{DomainName, Secret, Timestamp};

use super::{
    change::{Change, Changes},
    fence::{self, Epoch},
    handle::{Directory, Inner},
    seal::Place,
};
use crate::{args, error::Result, transaction};

/// A certificate with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The host that it is for, or `*.` and a domain.
    pub host: String,
    /// Who put it there: a cluster's name, or `folder`. Whoever removes what it no longer wants leaves the others' alone.
    pub origin: String,
    /// The chain, leaf first, PEM.
    pub chain: Vec<u8>,
    /// The key, PEM.
    pub private: Secret<Vec<u8>>,
    /// When it ends.
    pub not_after: Timestamp,
}

/// What is known of a certificate without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Its host.
    pub host: String,
    /// Who put it there.
    pub origin: String,
    /// When it ends.
    pub not_after: Timestamp,
    /// The position from which on it is served: by every process that has passed it.
    pub position: i64,
}

impl Directory {
    /// The certificate for a host: its own, else the wildcard's one label up (RFC 6125 §6.4.3).
    ///
    /// # Errors
    /// [`crate::StoreError::Damaged`] when its key does not open; else as the database says, when the answer is not cached.
    pub async fn certificate(&self, host: &DomainName) -> Result<Option<Arc<Certificate>>> {
        let caches = &self.inner.caches;
        if let Some(known) = caches.certificates.get(host.as_str()) {
            return Ok(known);
        }
        caches.get(&caches.certificates, host.to_string(), self.load_certificate(host)).await
    }

    /// Every certificate that is kept, by host.
    ///
    /// # Errors
    /// As the database says: a list is never cached.
    pub async fn certificates(&self) -> Result<Vec<CertificateFacts>> {
        let rows = self.inner.db.rows("SELECT host, origin, not_after, position FROM certificate ORDER BY host", &[]).await?;
        let facts = rows.iter().map(|row| {
            Ok(CertificateFacts { host: row.text(0)?, origin: row.text(1)?, not_after: Timestamp(row.int(2)?), position: row.int(3)? })
        });
        facts.collect()
    }

    /// Puts a certificate in place of the one that its host has. False when that one has the same chain: nothing is written then.
    ///
    /// # Errors
    /// [`crate::StoreError::Refused`] when the epoch is over; else as the database says.
    pub async fn set_certificate(&self, certificate: &Certificate, epoch: Epoch) -> Result<bool> {
        let Inner { db, keys, .. } = &*self.inner;
        let Certificate { host, origin, chain, private, not_after } = certificate;
        let sealed = keys.seal(place(host), private.expose())?;
        let position = transaction!(db, |tx| {
            fence::check(tx, epoch).await?;
            let known = tx.row("SELECT chain FROM certificate WHERE host = $1 AND origin = $2", args![host, origin]).await?;
            let mut changes = Changes::default();
            if known.map(|row| row.bytes(0)).transpose()?.as_ref() != Some(chain) {
                changes.add(Change::Certificate(host.clone()));
            }
            let position = changes.finish(tx).await?;
            if let Some(position) = position {
                let sql = "INSERT INTO certificate (host, origin, chain, private, not_after, position) VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (host) DO UPDATE SET origin = excluded.origin, chain = excluded.chain, private = excluded.private, \
                     not_after = excluded.not_after, position = excluded.position";
                tx.execute(sql, args![host, origin, chain, &sealed, *not_after, position]).await?;
            }
            Ok(position)
        })?;
        if let Some(position) = position {
            self.moved(position).await;
        }
        Ok(position.is_some())
    }

    /// Removes the certificates of hosts; how many there were.
    ///
    /// # Errors
    /// [`crate::StoreError::Refused`] when the epoch is over; else as the database says.
    pub async fn remove_certificates(&self, hosts: &[String], epoch: Epoch) -> Result<usize> {
        let (removed, position) = transaction!(self.inner.db, |tx| {
            fence::check(tx, epoch).await?;
            let gone = tx.rows("DELETE FROM certificate WHERE host = ANY($1) RETURNING host", args![hosts]).await?;
            let mut changes = Changes::default();
            for row in &gone {
                changes.add(Change::Certificate(row.text(0)?));
            }
            Ok((gone.len(), changes.finish(tx).await?))
        })?;
        if let Some(position) = position {
            self.moved(position).await;
        }
        Ok(removed)
    }

    async fn load_certificate(&self, host: &DomainName) -> Result<Option<Arc<Certificate>>> {
        let Inner { db, keys, .. } = &*self.inner;
        let wildcard = host.as_str().split_once('.').map_or_else(String::new, |(_, parent)| format!("*.{parent}"));
        // The host's own comes first.
        let sql = "SELECT host, origin, chain, private, not_after FROM certificate WHERE host = $1 OR host = $2 ORDER BY host = $2 LIMIT 1";
        let Some(row) = db.row(sql, args![host.as_str(), &wildcard]).await? else { return Ok(None) };
        let host = row.text(0)?;
        let private = keys.open(place(&host), row.slice(3)?)?;
        Ok(Some(Arc::new(Certificate { host, origin: row.text(1)?, chain: row.bytes(2)?, private, not_after: Timestamp(row.int(4)?) })))
    }
}

pub(super) const fn place(host: &str) -> Place<'_> {
    Place { table: "certificate", row: host, column: "private" }
}

/// Without the key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("host", &self.host).field("not_after", &self.not_after).finish_non_exhaustive()
    }
}
