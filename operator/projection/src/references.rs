//! What an object reads besides itself: Secrets and ConfigMaps, which an operator fetches one by one.

use postern_crds::{Branding, Mailbox, reference::SecretKeyRef};

/// What is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Referred {
    /// A password.
    Secret,
    /// A logo, a script, a text.
    ConfigMap,
}

impl Referred {
    /// As `kind:` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

/// One object that another reads, in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Its kind.
    pub kind: Referred,
    /// Its name.
    pub name: String,
    /// Whether an operator makes it when it is not there.
    pub made: bool,
}

/// Kinds that read others.
pub trait Refers {
    /// Everything that the object reads.
    fn refers(&self) -> Vec<Reference>;
}

/// Everything that an object reads.
#[must_use]
pub fn references(object: &impl Refers) -> Vec<Reference> {
    object.refers()
}

/// Where an operator keeps the password of a box with `auth.generate`.
#[must_use]
pub fn credentials_of(mailbox: &str) -> SecretKeyRef {
    SecretKeyRef { name: format!("{mailbox}-credentials").as_str().into(), key: "password".into() }
}

impl Refers for Mailbox {
    fn refers(&self) -> Vec<Reference> {
        let (auth, sieve) = (self.spec.auth.as_ref(), self.spec.sieve.as_ref());
        let secret = |name: String, made| Reference { kind: Referred::Secret, name, made };
        let given = auth.and_then(|auth| auth.password_secret_ref.as_ref()).map(|r| secret(r.name.to_string(), false));
        let made = auth.filter(|auth| auth.generate == Some(true)).and(self.metadata.name.as_deref());
        let made = made.map(|name| secret(credentials_of(name).name.to_string(), true));
        let script = sieve.map(|s| config_map(&s.prepend_config_map_ref.name));
        given.into_iter().chain(made).chain(script).collect()
    }
}

impl Refers for Branding {
    fn refers(&self) -> Vec<Reference> {
        let (logos, texts) = (&self.spec.logos, &self.spec.email_templates);
        let all = [&logos.light, &logos.dark, &logos.favicon, &texts.footer];
        let mut all: Vec<Reference> = all.into_iter().flatten().map(|content| config_map(&content.config_map_ref.name)).collect();
        all.sort();
        all.dedup();
        all
    }
}

fn config_map(name: &str) -> Reference {
    Reference { kind: Referred::ConfigMap, name: name.to_owned(), made: false }
}
