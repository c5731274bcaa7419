//! Conditions: `metav1.Condition`, the types that we set and the reasons that we give. Both are API: never rename one.
//!
//! `Ready`, `Reconciling` and `Stalled` follow kstatus, so that Argo CD, Flux and `kubectl wait` understand them.

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// True: accepted, ownership proven, DKIM key made and every process serves this generation. Certificates and DNS are
/// *not* part of it: they wait for the world outside, and a tenant's slip must not turn every dashboard red.
pub const READY: &str = "Ready";
/// True: work is in hand and no one needs to act. A missing reference counts for ten minutes.
pub const RECONCILING: &str = "Reconciling";
/// True: nothing more will happen until somebody changes something; the message says what.
pub const STALLED: &str = "Stalled";
/// True: the spec is valid, its references exist and nobody else holds what it claims.
pub const ACCEPTED: &str = "Accepted";
/// True: every live process serves this generation.
pub const PROGRAMMED: &str = "Programmed";
/// True: the domain's TXT token was seen, or the cluster's admin vouches for it.
pub const OWNERSHIP_VERIFIED: &str = "OwnershipVerified";
/// True: at least one DKIM key is there to sign with.
pub const DKIM_READY: &str = "DKIMReady";
/// True: every host has a certificate that is loaded and not about to expire.
pub const CERTIFICATES_READY: &str = "CertificatesReady";
/// True: every DNS record that the domain needs was seen as expected, and none interferes.
pub const DNS_READY: &str = "DNSReady";
/// True: the domain meets what large receivers ask of bulk senders.
pub const BULK_SENDER_READY: &str = "BulkSenderReady";
/// True: the box has a password or another way to log in.
pub const CREDENTIALS_READY: &str = "CredentialsReady";
/// True: the box is full; mail for it is deferred.
pub const QUOTA_EXCEEDED: &str = "QuotaExceeded";
/// True: the box takes mail, but nobody may log in or send.
pub const SUSPENDED: &str = "Suspended";
/// True: every address of the pool is bound on a machine.
pub const ADDRESSES_BOUND: &str = "AddressesBound";
/// True: every address has a PTR whose name points back to it.
pub const REVERSE_DNS_VALID: &str = "ReverseDNSValid";
/// True: at least one address is still on its warm-up curve.
pub const WARMING_UP: &str = "WarmingUp";
/// True: a guard has stopped the pool.
pub const PAUSED: &str = "Paused";
/// True: at least one address stands on a block list.
pub const LISTED: &str = "Listed";
/// True: logos and texts were read and are fit to show.
pub const ASSETS_READY: &str = "AssetsReady";
/// True: every host of the brand points here.
pub const HOSTS_READY: &str = "HostsReady";

/// Stable, CamelCase reasons.
pub mod reason {
    /// Ready: serving.
    pub const SERVING: &str = "Serving";
    /// First pass: nothing is known yet.
    pub const PENDING: &str = "Pending";
    /// Accepted: valid and uncontested.
    pub const VALID: &str = "Valid";
    /// Not every process serves this generation yet.
    pub const PROGRAMMING: &str = "Programming";
    /// The load balancer has no address yet.
    pub const ADDRESS_PENDING: &str = "AddressPending";
    /// Every process serves it.
    pub const PROGRAMMED: &str = "Programmed";
    /// The condition does not hold, and that is as it should be.
    pub const NOT_NEEDED: &str = "NotNeeded";
    /// A field breaks a rule; the message names it.
    pub const INVALID_SPEC: &str = "InvalidSpec";
    /// The same object stands in two files.
    pub const DUPLICATE_OBJECT: &str = "DuplicateObject";
    /// A field asks for what this version does not do.
    pub const UNSUPPORTED: &str = "Unsupported";
    /// Another namespace holds the domain.
    pub const DOMAIN_CLAIMED_ELSEWHERE: &str = "DomainClaimedElsewhere";
    /// No Domain of this namespace serves the address.
    pub const DOMAIN_NOT_FOUND: &str = "DomainNotFound";
    /// The Domain or IpPool belongs to another namespace that does not allow this one.
    pub const NOT_PERMITTED_IN_NAMESPACE: &str = "NotPermittedInNamespace";
    /// The Secret, or the key in it, is not there.
    pub const SECRET_MISSING: &str = "SecretMissing";
    /// The ConfigMap, or the key in it, is not there.
    pub const CONFIG_MAP_MISSING: &str = "ConfigMapMissing";
    /// The IpPool is not there.
    pub const IP_POOL_NOT_FOUND: &str = "IpPoolNotFound";
    /// The Branding is not there.
    pub const BRANDING_NOT_FOUND: &str = "BrandingNotFound";
    /// Another object holds the address.
    pub const ADDRESS_TAKEN: &str = "AddressTaken";
    /// Another tenant or brand holds the host.
    pub const HOST_CONFLICT: &str = "HostConflict";
    /// A domain's limit leaves no room.
    pub const LIMIT_REACHED: &str = "LimitReached";
    /// A logo is larger than 256 KiB.
    pub const ASSET_TOO_LARGE: &str = "AssetTooLarge";
    /// An SVG carries a script or a reference outwards.
    pub const SVG_REJECTED: &str = "SvgRejected";
    /// The colours are too near to be read (WCAG 2.2 §1.4.3).
    pub const LOW_CONTRAST: &str = "LowContrast";
    /// The TXT token was not found.
    pub const TOKEN_NOT_FOUND: &str = "TokenNotFound";
    /// The TXT token was found.
    pub const TOKEN_FOUND: &str = "TokenFound";
    /// The cluster's admin, or the folder's writer, vouches for the domain.
    pub const PREVERIFIED: &str = "Preverified";
    /// Keys sign.
    pub const SIGNING: &str = "Signing";
    /// Keys are being made.
    pub const KEY_PENDING: &str = "KeyPending";
    /// No node of the installation has an address of the pool.
    pub const ADDRESS_NOT_ON_NODE: &str = "AddressNotOnNode";
    /// An address has no name in reverse DNS that points back to it.
    pub const FORWARD_CONFIRM_FAILED: &str = "ForwardConfirmFailed";
    /// No records were looked up yet.
    pub const NOT_CHECKED: &str = "NotChecked";
    /// A record that is needed is not in DNS.
    pub const RECORD_MISSING: &str = "RecordMissing";
    /// A record in DNS says something else, or is in the way.
    pub const RECORD_CONFLICT: &str = "RecordConflict";
    /// A record could not be looked up; it is asked again.
    pub const LOOKUP_FAILED: &str = "LookupFailed";
    /// A host does not lead here yet, so no certificate is asked for.
    pub const WAITING_FOR_DNS: &str = "WaitingForDNS";
    /// A certificate was asked for and is not there yet.
    pub const WAITING_FOR_ISSUER: &str = "WaitingForIssuer";
    /// The issuer is none that the MailCluster permits.
    pub const ISSUER_NOT_PERMITTED: &str = "IssuerNotPermitted";
    /// A password is set.
    pub const PASSWORD_SET: &str = "PasswordSet";
    /// Nothing to log in with was given.
    pub const NO_CREDENTIAL: &str = "NoCredential";
    /// The box is over its quota.
    pub const OVER_QUOTA: &str = "OverQuota";
    /// The spec says so.
    pub const REQUESTED: &str = "Requested";
    /// The directory's database does not answer.
    pub const DIRECTORY_UNAVAILABLE: &str = "DirectoryUnavailable";
    /// The directory cannot hold the object; the message says why.
    pub const DIRECTORY_REFUSED: &str = "DirectoryRefused";
    /// The missing reference was waited for long enough.
    pub const TIMED_OUT: &str = "TimedOut";

    /// Whether a refusal for this reason may heal by itself, because another object may still be applied.
    #[must_use]
    pub fn may_heal(reason: &str) -> bool {
        [DOMAIN_NOT_FOUND, SECRET_MISSING, CONFIG_MAP_MISSING, IP_POOL_NOT_FOUND, BRANDING_NOT_FOUND, DIRECTORY_UNAVAILABLE]
            .contains(&reason)
    }
}

/// The condition of a type, if it is set.
#[must_use]
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| c.type_ == type_)
}

/// Puts a condition in its place. `lastTransitionTime` moves only when `status` does.
pub fn set_condition(conditions: &mut Vec<Condition>, mut new: Condition) {
    match conditions.iter_mut().find(|c| c.type_ == new.type_) {
        Some(old) => {
            if old.status == new.status {
                new.last_transition_time = old.last_transition_time.clone();
            }
            *old = new;
        }
        None => conditions.push(new),
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn condition(status: &str, at: i64) -> Condition {
        Condition {
            type_: READY.to_owned(),
            status: status.to_owned(),
            reason: reason::SERVING.to_owned(),
            message: String::new(),
            observed_generation: Some(at),
            last_transition_time: Time(Timestamp::from_second(at).unwrap()),
        }
    }

    #[test]
    fn transition_time_moves_with_the_status_only() {
        let mut conditions = Vec::new();
        set_condition(&mut conditions, condition("True", 1));
        set_condition(&mut conditions, condition("True", 2));
        assert_eq!((conditions[0].last_transition_time.0.as_second(), conditions[0].observed_generation), (1, Some(2)));
        set_condition(&mut conditions, condition("False", 3));
        assert_eq!((conditions.len(), conditions[0].last_transition_time.0.as_second()), (1, 3));
    }
}
