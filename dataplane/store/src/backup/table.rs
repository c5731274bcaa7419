//! What travels: every table, by the names of its columns.
//!
//! A test compares this list with the schema of both databases, so that a table or column that a
//! migration adds cannot be forgotten here.

/// A column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// BIGINT.
    Int,
    /// TEXT.
    Text,
    /// BYTEA / BLOB.
    Bytes,
}

/// A table as it is written.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Columns that travel, in order.
    pub columns: &'static [(&'static str, Kind)],
    /// Reads them in the order of the key, then what only the writer needs.
    pub select: &'static str,
    /// Finds a row, if there is one.
    pub probe: &'static str,
    /// What to do with a row that is there already: those that the schema itself brings.
    pub conflict: &'static str,
}

/// Tables that stay: what runs on the machine that is backed up, and what the raised epoch makes void.
pub const LEFT_OUT: [(&str, &str); 5] = [
    ("process", "processes of the old machine"),
    ("directory_change", "readers that are behind forget everything"),
    ("acme_challenge", "over within minutes"),
    ("text_segment", "the text index is made again from the messages"),
    ("expunged", "the restored folders' history begins at the new epoch"),
];

/// `name: columns | what else is read | the rest of the SELECT | conflict`
macro_rules! tables {
    ($($name:ident: $first:ident $first_kind:ident $(, $column:ident $kind:ident)* $(; also $also:ident)? ; $rest:literal $(; $conflict:literal)?)*) => {
        &[$(Table {
            name: stringify!($name),
            columns: &[(stringify!($first), Kind::$first_kind) $(, (stringify!($column), Kind::$kind))*],
            select: concat!("SELECT ", stringify!($first) $(, ", ", stringify!($column))* $(, ", ", stringify!($also))?, " FROM ", stringify!($name), " ", $rest),
            probe: concat!("SELECT ", stringify!($first), " FROM ", stringify!($name), " LIMIT 1"),
            conflict: concat!("", $($conflict)?),
        }),*]
    };
}

/// All that travel, in the order of the archive. Node numbers, the schema's number and the janitor's
/// lease are of the running store and stay.
pub const TABLES: &[Table] = tables! {
    meta: key Text, value Text; "WHERE key NOT IN ('schema', 'oldest_binary', 'restore') ORDER BY key"; "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    counter: name Text, value Int; "WHERE name NOT IN ('node', 'janitor') ORDER BY name"; "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    claim: name Text, owner Text, tenant Text, kind Int, preverified Int, proven Int, since Int, missing_since Int, gone Int, holds Int; "ORDER BY name, owner"
    directory_record: owner Text, kind Int, cluster Text, tenant Text, name Text, domain Text, account Int, quota Int, digest Bytes,
        generation Int, gone_until Int, record Text; "ORDER BY owner"
    address: tenant Text, address Text, owner Text, account Int, until Int; "ORDER BY tenant, address"
    credential: account Int, kind Int, id Int, name Text, verifier Bytes, digest Bytes, changed_at Int; "ORDER BY account, kind, id"
    dkim_key: tenant Text, domain Text, selector Text, algorithm Int, state Int, created_at Int, activates_at Int, public Bytes,
        private Bytes; "ORDER BY tenant, domain, selector"
    certificate: host Text, origin Text, chain Bytes, private Bytes, not_after Int, position Int; "ORDER BY host"
    account: id Int, state Int, modseq Int, next_folder Int, uid_validity Int, used Int, messages Int, quota Int; "ORDER BY id"
    folder: account Int, id Int, name Text, special_use Text, subscribed Int, uid_validity Int, uid_next Int, modseq Int,
        history_floor Int, messages Int, unseen Int, deleted Int, size Int; "ORDER BY account, id"
    subscription: account Int, name Text; "ORDER BY account, name"
    folder_right: account Int, folder Int, grantee Int, tenant Text, rights Text; "ORDER BY account, folder, grantee"
    annotation: account Int, folder Int, viewer Int, entry Text, value Bytes; "ORDER BY account, folder, viewer, entry"
    url_key: account Int, folder Int, viewer Int, secret Bytes; "ORDER BY account, folder, viewer"
    seen_by: account Int, folder Int, uid Int, viewer Int, seen Int, modseq Int; "ORDER BY account, folder, uid, viewer"
    last_login: account Int, at Int; "ORDER BY account"
    placement: account Int, folder Int, uid Int, message Int, flags Int, keywords Text, size Int, received_at Int, saved_at Int,
        created_modseq Int, modseq Int; "ORDER BY account, folder, uid"
    message: account Int, id Int, blob Int, size Int, received_at Int, trace Int, placements Int, prefix Bytes, summary Bytes; "ORDER BY account, id"
    released: account Int, modseq Int, folder Int, part Int, since Int, messages Bytes; "ORDER BY account, modseq, folder, part"
    dead_message: account Int, message Int, since Int; "ORDER BY account, message"
    blob: id Int, codec Int, size Int, checksum Bytes, body Bytes; also location; "ORDER BY id"
    dead_blob: blob Int, since Int; "ORDER BY blob"
    queue_slot: id Int, pool Text, domain Text, wake_at Int; "ORDER BY id"
    queue_message: id Int, trace Int, blob Int, size Int, header_size Int, sender Text, envid Text, ret Int, body Int, smtputf8 Int,
        account Int, tenant Text, pool Text, arrived_at Int, recipients Int; "ORDER BY id"
    queue_recipient: id Int, message Int, slot Int, address Text, notify Int, original Text, attempts Int, source Text, reply Text,
        delay_told Int, held Int; "ORDER BY id"
    queue_due: id Int, slot Int, next_at Int; "ORDER BY id"
    event: day Int, trace Int, id Int, at Int, stage Int, tenant Text, detail Text, dialogue Bytes; "ORDER BY day, trace, id"
    event_key: day Int, key Int, trace Int; "ORDER BY day, key, trace"
};

/// Names of the tables that travel, each with its columns.
pub fn names() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    TABLES.iter().map(|table| (table.name, table.columns.iter().map(|(name, _)| *name).collect()))
}

/// A table by its name.
pub fn by_name(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
