//! The database's connections and where bodies lie.

use std::time::Duration;

use postern_core::{ByteSize, Secret};

use super::reader::Reader;

/// Section `store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Connections to PostgreSQL at most; the embedded database has its own rule.
    pub connections: u32,
    /// How long to wait for the database at start, and for its schema.
    pub wait: Duration,
    /// Whether `serve` brings the schema up itself; otherwise it waits until `postern migrate` has.
    pub migrate: bool,
    /// Stored size up to which a body lies in the database.
    pub inline_max: ByteSize,
    /// Where larger bodies go; without a bucket, into the data folder, or the database when several processes share it.
    pub s3: Option<S3>,
    /// How long the trail is kept.
    pub trail_retention: Duration,
}

/// An S3-compatible bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// URL of the service, when it is not the region's own.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// What object names begin with.
    pub prefix: String,
    /// Name of the key; without one, what the environment of the process gives.
    pub access_key: Option<String>,
    /// The key.
    pub secret_key: Option<Secret<String>>,
}

impl Store {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("store");
        let connections = section.between("connections", 12, 2..=500);
        let wait = section.value("wait", Duration::from_mins(1));
        let migrate = section.value("migrate", true);
        let inline_max = section.between("inline_max", ByteSize(256 << 10), ByteSize(0)..=ByteSize(64 << 20));
        let trail_retention = section.between("trail_retention", days(30), days(1)..=days(3650));
        let bucket = section.optional("s3_bucket");
        let s3 = S3 {
            bucket: bucket.clone().unwrap_or_default(),
            endpoint: section.optional("s3_endpoint"),
            region: section.value("s3_region", "us-east-1".to_owned()),
            prefix: section.value("s3_prefix", "postern".to_owned()),
            access_key: section.optional("s3_access_key"),
            secret_key: section.optional("s3_secret_key"),
        };
        if s3.access_key.is_some() != s3.secret_key.is_some() {
            section.refuse("s3_access_key", "s3_access_key and s3_secret_key go together");
        }
        if bucket.is_none() && (s3.endpoint.is_some() || s3.access_key.is_some()) {
            section.refuse("s3_bucket", "the other s3 settings need a bucket");
        }
        Self { connections, wait, migrate, inline_max, s3: bucket.map(|_| s3), trail_retention }
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}
