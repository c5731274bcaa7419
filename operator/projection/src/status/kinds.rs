//! What each kind's status says beyond life, and the facts that it is made from.

use postern_core::{ByteSize, Timestamp};
use postern_crds::{
    Alias, AliasStatus, Branding, BrandingStatus, Domain, DomainStatus, MailCluster, MailClusterStatus, Mailbox, MailboxStatus,
    branding::HostStatus,
    condition::{
        ASSETS_READY, BULK_SENDER_READY, CERTIFICATES_READY, CREDENTIALS_READY, DKIM_READY, DNS_READY, OWNERSHIP_VERIFIED, PROGRAMMED,
        QUOTA_EXCEEDED, SUSPENDED, reason,
    },
    domain::{CertificateState, CertificateStatus, DkimKeyState, DkimKeyStatus},
    mailbox::{Auth, Initial},
    text::{ByteQuantity, IpText},
};

use super::life::Conditions;
use crate::{Report, dns::Diagnosis};

/// What the directory and the store know of a domain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainFacts {
    /// Every live process serves this generation.
    pub programmed: bool,
    /// Ownership: proven by a token, vouched for, or not yet.
    pub owned: Owned,
    /// Boxes, whoever made them.
    pub mailboxes: u64,
    /// Bytes of all boxes.
    pub storage_used: ByteSize,
    /// Signing keys.
    pub dkim: Vec<DkimKeyStatus>,
    /// Certificates of the hosts.
    pub certificates: Vec<CertificateStatus>,
    /// The last look at DNS.
    pub dns: Option<Diagnosis>,
}

/// How a domain's ownership stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owned {
    /// The token was not found.
    #[default]
    No,
    /// The token was found.
    Token,
    /// The administrator vouches for it.
    Preverified,
}

/// What the directory and the store know of a box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxFacts {
    /// Every live process serves this generation.
    pub programmed: bool,
    /// The storage's id.
    pub mailbox_id: Option<String>,
    /// Bytes used.
    pub used: ByteSize,
    /// Messages stored.
    pub messages: u64,
    /// The limit in force, the domain's default included.
    pub quota: Option<ByteSize>,
    /// Last login.
    pub last_login: Option<Timestamp>,
    /// Second factor in use.
    pub two_factor: Option<String>,
    /// When `spec.initial` was applied.
    pub initial_applied_at: Option<Timestamp>,
    /// Whether a password is set.
    pub has_password: bool,
}

/// What the web role knows of a brand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandFacts {
    /// Every live process serves this generation.
    pub programmed: bool,
    /// Each host.
    pub hosts: Vec<HostStatus>,
    /// Where to see it before it goes live.
    pub preview_url: Option<String>,
}

/// Status of a Domain. Ready = accepted, owned, a DKIM key, programmed.
#[must_use]
pub fn domain(object: &Domain, report: Option<&Report>, facts: &DomainFacts, now: Timestamp) -> DomainStatus {
    let mut conditions = Conditions::after(object.status.as_ref().map(|s| &*s.conditions), object.metadata.generation, now);
    let (owned, why, told) = match facts.owned {
        Owned::No => (false, reason::TOKEN_NOT_FOUND, "set the TXT record of status.dns.verification"),
        Owned::Token => (true, reason::TOKEN_FOUND, "the token was found"),
        Owned::Preverified => (true, reason::PREVERIFIED, "the administrator vouches for it"),
    };
    let signing = facts.dkim.iter().any(|key| key.state == DkimKeyState::Active);
    let gate = match (owned, signing) {
        (false, _) => Some((why, told.to_owned())),
        (true, false) => Some((reason::KEY_PENDING, "DKIM keys are being made".to_owned())),
        (true, true) => None,
    };
    conditions.live(report, facts.programmed, gate, "serving");
    conditions.set(OWNERSHIP_VERIFIED, Some(owned), why, told);
    let key = if signing { (reason::SIGNING, "mail is signed") } else { (reason::KEY_PENDING, "keys are being made") };
    conditions.set(DKIM_READY, Some(signing), key.0, key.1);
    dns_conditions(facts.dns.as_ref(), &mut conditions);
    certificates(&facts.certificates, &mut conditions);
    DomainStatus {
        observed_generation: object.metadata.generation,
        mailboxes: Some(facts.mailboxes),
        storage_used: Some(rough(facts.storage_used, None)),
        dns: facts.dns.as_ref().map(|dns| dns.status.clone()),
        dkim: facts.dkim.clone(),
        certificates: facts.certificates.clone(),
        conditions: conditions.finish(),
    }
}

fn certificates(all: &[CertificateStatus], conditions: &mut Conditions) {
    let waiting = all.iter().find(|certificate| !certificate.loaded);
    let (holds, why, told) = match waiting {
        _ if all.is_empty() => (None, reason::NOT_CHECKED, "no host has asked for a certificate yet".to_owned()),
        None => (Some(true), reason::VALID, format!("every host has its certificate, {} in all", all.len())),
        Some(first) => {
            let why = match first.state {
                Some(CertificateState::WaitingForDns) => reason::WAITING_FOR_DNS,
                Some(CertificateState::NotPermitted) => reason::ISSUER_NOT_PERMITTED,
                Some(CertificateState::Programming | CertificateState::Serving) | None => reason::PROGRAMMING,
                Some(CertificateState::WaitingForIssuer) => reason::WAITING_FOR_ISSUER,
            };
            let told = first.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
            let loaded = all.iter().filter(|certificate| certificate.loaded).count();
            (Some(false), why, format!("{loaded} of {} certificates are loaded; {} waits{told}", all.len(), first.host))
        }
    };
    conditions.set(CERTIFICATES_READY, holds, why, told);
}

fn dns_conditions(dns: Option<&Diagnosis>, conditions: &mut Conditions) {
    match dns {
        Some(Diagnosis { ready, bulk_sender, .. }) => {
            conditions.set(DNS_READY, ready.holds, ready.reason, ready.message.clone());
            conditions.set(BULK_SENDER_READY, bulk_sender.holds, bulk_sender.reason, bulk_sender.message.clone());
        }
        None => [DNS_READY, BULK_SENDER_READY].into_iter().for_each(|type_| {
            conditions.set(type_, None, reason::NOT_CHECKED, "no record was looked up yet");
        }),
    }
}

/// Status of a Mailbox.
#[must_use]
pub fn mailbox(object: &Mailbox, report: Option<&Report>, facts: &MailboxFacts, now: Timestamp) -> MailboxStatus {
    let mut conditions = Conditions::after(object.status.as_ref().map(|s| &*s.conditions), object.metadata.generation, now);
    conditions.live(report, facts.programmed, None, "serving");
    let by_provider = object.spec.auth.as_ref().is_some_and(|Auth { oidc, .. }| oidc.is_some());
    let (can, why, told) = match (facts.has_password, by_provider) {
        (true, _) => (true, reason::PASSWORD_SET, "a password is set"),
        (false, true) => (true, reason::VALID, "login by the OpenID provider"),
        (false, false) => (false, reason::NO_CREDENTIAL, "nobody can log in yet; set spec.auth, or a password in the panel"),
    };
    // What was asked for and cannot be had is what to look at, whatever password there was before.
    match report.and_then(|r| r.refusals.iter().find(|refusal| refusal.field.starts_with("spec.auth"))) {
        Some(refusal) => conditions.set(CREDENTIALS_READY, Some(false), refusal.reason, format!("{}; {}", refusal.message, refusal.fix)),
        None => conditions.set(CREDENTIALS_READY, Some(can), why, told),
    }
    let full = facts.quota.is_some_and(|quota| facts.used >= quota);
    let (why, told) =
        if full { (reason::OVER_QUOTA, "the box is full; mail for it is deferred") } else { (reason::NOT_NEEDED, "there is room") };
    conditions.set(QUOTA_EXCEEDED, Some(full), why, told);
    let (why, told) =
        if object.spec.suspended { (reason::REQUESTED, "nobody may log in or send") } else { (reason::NOT_NEEDED, "not suspended") };
    conditions.set(SUSPENDED, Some(object.spec.suspended), why, told);
    MailboxStatus {
        observed_generation: object.metadata.generation,
        mailbox_id: facts.mailbox_id.clone(),
        used: Some(rough(facts.used, facts.quota)),
        messages: Some(facts.messages),
        last_login: facts.last_login.map(|t| t.to_string().chars().take(10).collect()),
        two_factor: facts.two_factor.clone(),
        initial_applied_at: facts.initial_applied_at.filter(|_| object.spec.initial != Initial::default()).map(|t| t.to_string()),
        conditions: conditions.finish(),
    }
}

/// Status of an Alias.
#[must_use]
pub fn alias(object: &Alias, report: Option<&Report>, programmed: bool, now: Timestamp) -> AliasStatus {
    let mut conditions = Conditions::after(object.status.as_ref().map(|s| &*s.conditions), object.metadata.generation, now);
    conditions.live(report, programmed, None, "serving");
    AliasStatus { observed_generation: object.metadata.generation, conditions: conditions.finish() }
}

/// Status of a Branding.
#[must_use]
pub fn branding(object: &Branding, report: Option<&Report>, facts: &BrandFacts, now: Timestamp) -> BrandingStatus {
    let mut conditions = Conditions::after(object.status.as_ref().map(|s| &*s.conditions), object.metadata.generation, now);
    conditions.live(report, facts.programmed, None, "serving");
    let assets = [reason::CONFIG_MAP_MISSING, reason::ASSET_TOO_LARGE, reason::SVG_REJECTED, reason::LOW_CONTRAST];
    let wrong = report.and_then(|r| r.refusals.iter().find(|f| assets.contains(&f.reason)));
    match wrong {
        Some(fault) => conditions.set(ASSETS_READY, Some(false), fault.reason, format!("{}; {}", fault.message, fault.fix)),
        None => conditions.set(ASSETS_READY, report.map(|_| true), reason::VALID, "logos and texts were read"),
    }
    BrandingStatus {
        observed_generation: object.metadata.generation,
        preview_url: facts.preview_url.clone(),
        hosts: facts.hosts.clone(),
        conditions: conditions.finish(),
    }
}

/// What an operator knows of an installation's workloads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterFacts {
    /// What Ready waits for: reason and message.
    pub waiting: Option<(&'static str, String)>,
    /// Where the frontend is reached.
    pub addresses: Vec<IpText>,
}

/// Status of a MailCluster. In a folder its workloads are nobody's to make, and it waits for nothing.
#[must_use]
pub fn mail_cluster(object: &MailCluster, report: Option<&Report>, facts: &ClusterFacts, now: Timestamp) -> MailClusterStatus {
    let mut conditions = Conditions::after(object.status.as_ref().map(|s| &*s.conditions), object.metadata.generation, now);
    let at: Vec<&str> = facts.addresses.iter().map(|address| &**address).collect();
    let serving = if at.is_empty() { "serving".to_owned() } else { format!("serving at {}", at.join(" and ")) };
    conditions.live(report, true, facts.waiting.clone(), &serving);
    if let Some((why, message)) = &facts.waiting
        && report.is_some_and(Report::is_accepted)
    {
        conditions.set(PROGRAMMED, Some(false), why, message.clone());
    }
    MailClusterStatus {
        observed_generation: object.metadata.generation,
        addresses: facts.addresses.clone(),
        conditions: conditions.finish(),
    }
}

/// A figure that does not change with every mail: in steps of 1 % of the quota, and in the largest unit that still
/// shows two digits.
fn rough(used: ByteSize, quota: Option<ByteSize>) -> ByteQuantity {
    let step = quota.map_or(1, |q| (q.0 / 100).max(1));
    let bytes = used.0 - used.0 % step;
    let text = match bytes {
        0..10_240 => bytes.to_string(),
        10_240..10_485_760 => format!("{}Ki", bytes >> 10),
        10_485_760..10_737_418_240 => format!("{}Mi", bytes >> 20),
        _ => format!("{}Gi", bytes >> 30),
    };
    ByteQuantity(text)
}
