//! The due rows of many slots, so many of each: LATERAL on PostgreSQL, a correlated IN on SQLite.
//!
//! Arguments: `$1` slots, `$2` tokens, `$3` what must have become due since, as lists of equal length,
//! `$4` the clock, `$5` rows of each slot. A slot whose lease lapsed or went to another gives none.

use super::Dialect;

macro_rules! columns {
    () => {
        "d.id, s.id, s.token, d.next_at, r.address, r.notify, r.original, r.attempts, r.source, r.reply, r.delay_told, \
         m.id, m.trace, m.blob, m.size, m.header_size, m.sender, m.envid, m.ret, m.body, m.smtputf8, m.account, m.tenant, m.pool, \
         m.arrived_at, m.recipients, r.held"
    };
}

const POSTGRES: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS a(slot, token, since) \
     JOIN queue_slot s ON s.id = a.slot AND s.token = a.token AND s.until > db_clock($4) \
     CROSS JOIN LATERAL (SELECT q.id, q.next_at FROM queue_due q WHERE q.slot = a.slot AND q.next_at <= db_clock($4) \
     AND q.next_at >= a.since ORDER BY q.next_at, q.id LIMIT $5) d \
     JOIN queue_recipient r ON r.id = d.id JOIN queue_message m ON m.id = r.message ORDER BY d.next_at, d.id"
);

const SQLITE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM json_each($1) a \
     CROSS JOIN queue_slot s ON s.id = a.value AND s.token = json_extract($2, a.fullkey) AND s.until > $4 \
     CROSS JOIN queue_due d ON d.id IN (SELECT q.id FROM queue_due q WHERE q.slot = a.value AND q.next_at <= $4 \
     AND q.next_at >= json_extract($3, a.fullkey) ORDER BY q.next_at, q.id LIMIT $5) \
     CROSS JOIN queue_recipient r ON r.id = d.id CROSS JOIN queue_message m ON m.id = r.message ORDER BY d.next_at, d.id"
);

/// The statement.
#[must_use]
pub const fn text(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => POSTGRES,
        Dialect::Sqlite => SQLITE,
    }
}
