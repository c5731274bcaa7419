//! GETQUOTA and GETQUOTAROOT (RFC 9208 §4.1). Limits are the directory's to set, so there is no SETQUOTA.

use super::{ParseError, folder, token::Parser};
use crate::types::Command;

/// `getquota = "GETQUOTA" SP quota-root-name`
pub(super) fn get_quota(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    p.space()?;
    p.text().map(Command::GetQuota)
}

/// `getquotaroot = "GETQUOTAROOT" SP mailbox`
pub(super) fn get_quota_root(p: &mut Parser<'_>) -> Result<Command, ParseError> {
    folder::one(p).map(Command::GetQuotaRoot)
}
