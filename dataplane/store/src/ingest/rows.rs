//! What a batch writes of messages, placements and counters.

use std::collections::HashSet;

use postern_core::MessageId;

use super::{
    Accept, LocalDelivery, NewBody, Placed, Tools,
    decide::size,
    doubt::Witness,
    held::{Folder, Held},
};
use crate::{
    db::{Batch, Column},
    error::{Result, StoreError},
    mail::{read::StoredMessage, snapshot::Entry},
};

/// A placement to write: its body, what was asked, where it lies, its message's id and size.
type Row<'a> = (&'a NewBody, &'a LocalDelivery, &'a Placed, i64, i64);

/// The rows of messages and of their placements, and one of them by its id. Those of folders in memory are noted there.
pub(super) fn messages(
    tools: &Tools,
    placements: &[(&Accept, &LocalDelivery, &Placed)],
    held: &mut Held,
) -> Result<(Option<Witness>, [Batch; 2])> {
    let now = tools.clock.now();
    let mut rows: Vec<Row<'_>> = Vec::with_capacity(placements.len());
    for (job, delivery, placed) in placements {
        let body = job.bodies.get(delivery.body).ok_or(StoreError::NotFound("body"))?;
        rows.push((body, *delivery, *placed, tools.ids.message().0, size(job, delivery)));
    }
    let witness = rows.first().map(|row| Witness::Message { account: row.1.account.0, id: row.3 });
    let known: HashSet<(i64, i64)> = tools.cells.known(rows.iter().map(|r| (r.2.account.0, r.2.folder.0)));
    for (body, delivery, placed, message, size) in &rows {
        let key = (placed.account.0, placed.folder.0);
        let Some(folder) = held.folders.get_mut(&key) else { continue };
        if !known.contains(&key) {
            // Who opens it while the batch commits may read what was before, and must not take the rest for all there is.
            folder.unsure = true;
            continue;
        }
        let entry = Entry {
            uid: placed.uid,
            size: u32::try_from(*size).unwrap_or(u32::MAX),
            saved_at: u32::try_from(now.secs()).unwrap_or(0),
            flags: delivery.flags,
            keywords: delivery.keywords.as_deref().map(Into::into),
            modseq: placed.modseq,
            message: *message,
            received_at: delivery.received_at.secs(),
        };
        folder.new.insert(placed.uid, entry);
        // Whoever has the folder open asks for it as soon as it is told. Should the commit fail, nobody knows this id.
        if tools.recent.is_on() {
            let (id, blob, prefix, summary) = (MessageId(*message), body.prepared.id, delivery.prefix.clone(), body.summary.to_vec());
            tools.recent.keep_body(&body.prepared);
            tools.recent.keep(placed.account, StoredMessage { id, blob, trace: body.trace, prefix, summary });
        }
    }
    let ints = |f: &dyn Fn(&Row<'_>) -> i64| Column::Int(rows.iter().map(f).collect());
    let account = ints(&|r| r.1.account.0);
    let (id, size, received_at) = (ints(&|r| r.3), ints(&|r| r.4), ints(&|r| r.1.received_at.0));
    let messages = [
        account.clone(),
        id.clone(),
        ints(&|r| r.0.prepared.id.0),
        size.clone(),
        received_at.clone(),
        ints(&|r| r.0.trace.0),
        Column::Bytes(rows.iter().map(|r| r.1.prefix.clone()).collect()),
        Column::Bytes(rows.iter().map(|r| r.0.summary.to_vec()).collect()),
    ];
    let modseq = ints(&|r| r.2.modseq);
    let placements = [
        account,
        ints(&|r| r.2.folder.0),
        ints(&|r| r.2.uid.into()),
        id,
        ints(&|r| r.1.flags.0.into()),
        Column::OptText(rows.iter().map(|r| r.1.keywords.clone()).collect()),
        size,
        received_at,
        Column::Int(vec![now.0; rows.len()]),
        modseq.clone(),
        modseq,
    ];
    let batches = [
        Batch::new("INSERT INTO message (account, id, blob, size, received_at, trace, prefix, summary) {rows}", messages),
        Batch::new(
            "INSERT INTO placement (account, folder, uid, message, flags, keywords, size, received_at, saved_at, created_modseq, modseq) {rows}",
            placements,
        ),
    ];
    Ok((witness, batches))
}

/// What accounts and folders count from now on.
pub(super) fn counters(held: &Held) -> [Batch; 2] {
    let touched: Vec<_> = held.accounts.iter().filter(|(_, a)| a.is_touched()).collect();
    let account = Batch::new(
        "WITH r(id, modseq, bytes, n) AS ({rows}) UPDATE account SET modseq = r.modseq, used = used + r.bytes, \
         messages = messages + r.n FROM r WHERE account.id = r.id",
        [
            Column::ints(touched.iter().map(|(id, _)| **id)),
            Column::ints(touched.iter().map(|(_, a)| a.modseq)),
            Column::ints(touched.iter().map(|(_, a)| a.bytes)),
            Column::ints(touched.iter().map(|(_, a)| a.messages)),
        ],
    );
    let touched: Vec<_> = held.folders.iter().filter_map(|(key, folder)| Some((key, folder, folder.modseq?))).collect();
    let column = |f: &dyn Fn(&Folder) -> i64| Column::Int(touched.iter().map(|(_, folder, _)| f(folder)).collect());
    let folder = Batch::new(
        "WITH r(account, id, modseq, uids, n, unseen, deleted, bytes) AS ({rows}) UPDATE folder SET modseq = r.modseq, \
         uid_next = uid_next + r.uids, messages = messages + r.n, unseen = folder.unseen + r.unseen, \
         deleted = folder.deleted + r.deleted, size = size + r.bytes FROM r WHERE folder.account = r.account AND folder.id = r.id",
        [
            Column::ints(touched.iter().map(|(key, ..)| key.0)),
            Column::ints(touched.iter().map(|(key, ..)| key.1)),
            Column::ints(touched.iter().map(|(.., modseq)| *modseq)),
            column(&|f| f.delta.uids),
            column(&|f| f.delta.messages),
            column(&|f| f.delta.unseen),
            column(&|f| f.delta.deleted),
            column(&|f| f.delta.size),
        ],
    );
    [account, folder]
}
