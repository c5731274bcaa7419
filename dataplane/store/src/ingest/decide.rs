//! Whether a batch can store what one caller wants stored, and where it comes to lie. Nothing is written here.

use std::collections::BTreeMap;

use postern_core::{AccountId, FolderId};

use super::{
    Accept, LocalDelivery, Placed, Target,
    held::{self, Held},
};
use crate::{
    error::{Result, StoreError},
    mail::INBOX,
};

/// Places every delivery of an [`Accept`], or none.
///
/// # Errors
/// [`StoreError::NotFound`] for an account or folder that is gone; [`StoreError::OverQuota`].
pub(super) fn place(job: &Accept, held: &mut Held) -> Result<Vec<Placed>> {
    let mut ids = Vec::with_capacity(job.deliveries.len());
    let mut adds = BTreeMap::<i64, i64>::new();
    for delivery in &job.deliveries {
        if !held.accounts.contains_key(&delivery.account.0) {
            return Err(StoreError::NotFound("account"));
        }
        ids.push(resolve(delivery, held).ok_or(StoreError::NotFound("folder"))?);
        *adds.entry(delivery.account.0).or_default() += size(job, delivery);
    }
    for (id, bytes) in &adds {
        let frees = job.replaces.filter(|replaced| replaced.account.0 == *id).map_or(0, |replaced| i64::from(replaced.size));
        if let Some(account) = held.accounts.get(id)
            && account.quota.is_some_and(|quota| account.used + account.bytes + bytes - frees > quota)
        {
            return Err(StoreError::OverQuota(AccountId(*id)));
        }
    }
    let mut placed = Vec::with_capacity(ids.len());
    for (delivery, id) in job.deliveries.iter().zip(ids) {
        let key = (delivery.account.0, id);
        let (Some(account), Some(folder)) = (held.accounts.get_mut(&key.0), held.folders.get_mut(&key)) else { continue };
        let (bytes, modseq) = (size(job, delivery), account.delivery());
        account.bytes += bytes;
        account.messages += 1;
        let uid = i64::from(folder.row.uid_next) + folder.delta.uids;
        folder.delta.count(delivery.flags, bytes, 1);
        folder.delta.uids += 1;
        folder.touch(modseq);
        placed.push(Placed {
            account: delivery.account,
            folder: FolderId(id),
            uid_validity: folder.row.uid_validity,
            uid: u32::try_from(uid).unwrap_or(u32::MAX),
            modseq,
        });
    }
    if let Some(replaced) = job.replaces {
        // It goes by a statement of its own: the batch does not know all that becomes of its folder.
        held.folders.iter_mut().filter(|((account, _), _)| *account == replaced.account.0).for_each(|(_, folder)| folder.unsure = true);
    }
    Ok(placed)
}

/// Octets of a delivery, with the header lines of this copy.
pub(super) fn size(job: &Accept, delivery: &LocalDelivery) -> i64 {
    (job.bodies.get(delivery.body).map_or(0, |b| b.prepared.size) + delivery.prefix.len()) as i64
}

fn resolve(delivery: &LocalDelivery, held: &Held) -> Option<i64> {
    let account = delivery.account.0;
    let there = |id: i64| held.folders.contains_key(&(account, id)).then_some(id);
    match delivery.folder {
        Target::Inbox => there(INBOX.0),
        Target::Folder(id) => there(id.0),
        Target::Special(special_use) => held::special(&held.folders, account, special_use).or_else(|| there(INBOX.0)),
    }
}
