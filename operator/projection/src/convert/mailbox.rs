//! Mailbox → [`AccountRecord`].

use postern_core::{
    Secret,
    directory::{AccountRecord, BoxRole, CredentialSource, Digest, Initial, Protocols},
};
use postern_crds::{
    Mailbox, MailboxSpec,
    mailbox::{Auth, Role},
};

use super::Values;
use crate::{
    Generated, credentials_of,
    report::Refusals,
    world::{Inputs, World},
};

/// The record of a Mailbox.
pub(crate) fn mailbox(object: &Mailbox, world: &World<'_>, refusals: &mut Refusals) -> Option<(AccountRecord, Digest)> {
    let spec = &object.spec;
    let tenant = object.metadata.namespace.clone().unwrap_or_default();
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let mut inputs = Inputs::default();
    let credential =
        spec.auth.as_ref().map_or(CredentialSource::None, |auth| credential(&tenant, name, auth, world, &mut inputs, refusals));
    let sieve_before = spec
        .sieve
        .as_ref()
        .and_then(|s| world.config_text(&tenant, &s.prepend_config_map_ref, "spec.sieve.prependConfigMapRef", &mut inputs, refusals));
    if let Some(i) = spec.aliases.iter().position(|a| *a == spec.address) {
        refusals.invalid(format!("spec.aliases[{i}]"), "repeats the address itself", "remove it");
    }
    let mut values = Values(refusals);
    let address = values.address("spec.address", &spec.address);
    if address.as_ref().is_some_and(|a| a.split_tag().1.is_some()) {
        values.0.invalid("spec.address", "a + begins a tag, which every address has without being asked", "write the part before the +");
    }
    let record = AccountRecord {
        tenant,
        aliases: values.addresses("spec.aliases", &spec.aliases),
        quota: values.size("spec.quota", spec.quota.as_ref()),
        protocols: Protocols {
            imap: spec.protocols.imap,
            pop3: spec.protocols.pop3,
            smtp: spec.protocols.smtp,
            active_sync: spec.protocols.active_sync,
        },
        role: match spec.role {
            Role::User => BoxRole::User,
            Role::DomainAdmin => BoxRole::DomainAdmin,
        },
        credential,
        subject: spec.auth.as_ref().and_then(|auth| auth.oidc.as_ref()).map(|oidc| oidc.subject.clone()),
        initial: initial(spec),
        sieve_before,
        suspended: spec.suspended,
        rename_alias_for: values.duration("spec.renameAliasFor", &spec.rename_alias_for),
        deletion: values.deletion(spec.deletion_policy, &spec.deletion_grace_period),
        address: address?,
    };
    // A new date in the annotation asks for a new password.
    inputs
        .plain(object.metadata.annotations.as_ref().and_then(|a| a.get(postern_crds::ANNOTATION_ROTATE_AT)).map_or(&[], |t| t.as_bytes()));
    let digest = inputs.digest(spec, &record);
    refusals.0.is_empty().then_some((record, digest))
}

/// Exactly one way to log in.
fn credential(tenant: &str, name: &str, auth: &Auth, world: &World<'_>, inputs: &mut Inputs, refusals: &mut Refusals) -> CredentialSource {
    let generate = auth.generate.unwrap_or_default();
    let ways = [auth.password_secret_ref.is_some(), auth.password_hash.is_some(), auth.oidc.is_some(), generate];
    if ways.into_iter().filter(|w| *w).count() != 1 {
        refusals.invalid(
            "spec.auth",
            "names no way to log in, or more than one",
            "set exactly one of passwordSecretRef, passwordHash, generate and oidc",
        );
        return CredentialSource::None;
    }
    match (&auth.password_secret_ref, &auth.password_hash) {
        (Some(reference), _) => {
            let value = world.secret(tenant, reference, "spec.auth.passwordSecretRef", inputs, refusals);
            value.map_or(CredentialSource::None, |value| from_secret(value, refusals))
        }
        (None, Some(hash)) => CredentialSource::Phc(hash.to_string()),
        (None, None) if generate && world.options.generated == Generated::Told => CredentialSource::Generate,
        (None, None) if generate => {
            let value = world.secret(tenant, &credentials_of(name), "spec.auth.generate", inputs, refusals);
            value.map_or(CredentialSource::None, CredentialSource::Clear)
        }
        (None, None) => CredentialSource::None,
    }
}

fn from_secret(value: Secret<String>, refusals: &mut Refusals) -> CredentialSource {
    let text = value.expose();
    if text.starts_with("$argon2") {
        return CredentialSource::Phc(text.clone());
    }
    if text.is_empty() || text.len() > 1024 || text.chars().any(char::is_control) {
        let fix = "store a password of 1 to 1024 bytes without control characters, or a PHC string";
        refusals.invalid("spec.auth.passwordSecretRef", "the Secret's value is empty, too long or not one line", fix);
    }
    CredentialSource::Clear(value)
}

fn initial(spec: &MailboxSpec) -> Initial {
    let initial = &spec.initial;
    Initial {
        display_name: initial.display_name.as_ref().map(ToString::to_string),
        locale: initial.locale.as_ref().map(ToString::to_string),
        recovery_email: initial.recovery_email.as_ref().map(ToString::to_string),
        must_change_password: initial.must_change_password,
    }
}
