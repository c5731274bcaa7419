//! The Secret `<name>-credentials` of a Mailbox with `auth.generate`: made once, and anew from the time that
//! `postern.dev/rotate-at` names. Its password reaches the directory as any other Secret's does.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::OwnerReference, jiff};
use kube::{
    Api,
    api::{ObjectMeta, Patch, PatchParams, PostParams},
};
use postern_apply::passwords;
use postern_core::Timestamp;
use postern_crds::API_VERSION;

use super::Owner;
use crate::context::Context;

/// When the password was made, RFC 3339.
const MADE_AT: &str = "postern.dev/generated-at";

/// The Secret as it shall be; `None` when one of that name belongs to somebody else.
pub async fn ensure(context: &Context, namespace: &str, name: &str, owner: &Owner) -> Result<Option<Secret>, kube::Error> {
    let api: Api<Secret> = Api::namespaced(context.client.clone(), namespace);
    let Some(found) = api.get_opt(name).await? else {
        return match api.create(&PostParams::default(), &made(context, name, owner, ObjectMeta::default())).await {
            Ok(secret) => Ok(Some(secret)),
            // A namespace that is going takes nothing new.
            Err(kube::Error::Api(status)) if status.code == 409 || status.reason == "NamespaceTerminating" => Ok(None),
            Err(error) => Err(error),
        };
    };
    let owners = found.metadata.owner_references.as_deref().unwrap_or_default();
    if !owners.iter().any(|o| o.kind == "Mailbox" && o.uid == owner.uid) {
        tracing::warn!(namespace, name, "a Secret of this name belongs to somebody else");
        return Ok(None);
    }
    if !is_due(&found, owner.rotate_at, context.now()) {
        return Ok(Some(found));
    }
    // With the version that was read: two replicas make one new password between them. A patch, for tenants grant no update.
    let metadata = ObjectMeta { resource_version: found.metadata.resource_version, ..ObjectMeta::default() };
    let anew = Patch::Merge(made(context, name, owner, metadata));
    let patched = api.patch(name, &PatchParams::default(), &anew).await?;
    tracing::info!(namespace, name, "a new password was made");
    Ok(Some(patched))
}

/// Whether a new password is due: the time has come, and this one is older.
fn is_due(secret: &Secret, rotate_at: Option<Timestamp>, now: Timestamp) -> bool {
    let made = secret.metadata.annotations.as_ref().and_then(|all| all.get(MADE_AT)?.parse::<jiff::Timestamp>().ok());
    let has_password = secret.data.as_ref().is_some_and(|data| data.contains_key("password"));
    !has_password || rotate_at.is_some_and(|at| at <= now && made.is_none_or(|made| made.as_microsecond() < at.0))
}

fn made(context: &Context, name: &str, owner: &Owner, metadata: ObjectMeta) -> Secret {
    let password = passwords::generate(&mut context.chance.fork());
    let texts = [("username", owner.address.clone()), ("password", password.expose().clone())];
    let labels = [("app.kubernetes.io/part-of", "postern"), ("app.kubernetes.io/managed-by", "postern-operator")];
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            annotations: Some(BTreeMap::from([(MADE_AT.to_owned(), context.now().to_string())])),
            owner_references: Some(vec![OwnerReference {
                api_version: API_VERSION.to_owned(),
                kind: "Mailbox".to_owned(),
                name: owner.name.clone(),
                uid: owner.uid.clone(),
                controller: Some(true),
                block_owner_deletion: Some(false),
            }]),
            ..metadata
        },
        data: Some(texts.map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes()))).into()),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_at(text: &str) -> Secret {
        Secret {
            metadata: ObjectMeta { annotations: Some([(MADE_AT.to_owned(), text.to_owned())].into()), ..ObjectMeta::default() },
            data: Some([("password".to_owned(), ByteString(b"x".to_vec()))].into()),
            ..Secret::default()
        }
    }

    #[test]
    fn a_password_is_made_anew_once_when_its_time_has_come() {
        let (before, at, after) =
            (Timestamp::from_civil(2026, 11, 1, 0, 0, 0), Timestamp::from_civil(2026, 11, 2, 0, 0, 0), "2026-11-02T00:00:01Z");
        let old = made_at("2026-10-01T00:00:00Z");
        assert!(!is_due(&old, None, at) && !is_due(&old, Some(at), before) && is_due(&old, Some(at), at));
        assert!(!is_due(&made_at(after), Some(at), at));
        assert!(is_due(&Secret::default(), None, at), "a Secret that lost its password");
    }
}
