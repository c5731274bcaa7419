//! A folder of manifests as a user keeps one, written by a test.

use std::{fs, path::Path};

use crate::temp::TempFolder;

/// A folder of manifests.
#[derive(Debug)]
pub struct Manifests(TempFolder);

impl Manifests {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self(TempFolder::new())
    }

    /// A copy of `crds/examples`: alice@example.org and bob@example.net, with [`sample_password`].
    #[must_use]
    pub fn examples() -> Self {
        let manifests = Self::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/examples");
        for entry in fs::read_dir(from).expect("the examples").flatten() {
            fs::copy(entry.path(), manifests.path().join(entry.file_name())).expect("a copy");
        }
        manifests
    }

    /// One domain with these boxes, all under [`PASSWORD`], and what `more` adds. The sender leaves from the loopback.
    #[must_use]
    pub fn of(domain: &str, boxes: &[&str], more: &str) -> Self {
        let manifests = Self::new();
        let mut text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: passwords, namespace: acme}}\nstringData: {{all: {PASSWORD}}}\n---\n\
             apiVersion: postern.dev/v1alpha1\nkind: Domain\nmetadata: {{name: domain, namespace: acme}}\nspec: {{domain: {domain}}}\n"
        );
        for name in boxes {
            text.push_str(&mailbox(name, &format!("{name}@{domain}")));
        }
        text.push_str(more);
        manifests.write("all.yaml", &text);
        manifests
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file whole, as editors do: beside it first, then in its place.
    pub fn write(&self, name: &str, text: &str) {
        // A hidden file is no manifest yet.
        let beside = self.path().join(format!(".{name}.new"));
        fs::write(&beside, text).expect("a manifest");
        fs::rename(beside, self.path().join(name)).expect("in its place");
    }

    /// Changes one piece of text in a file.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(name)).expect("a manifest to edit");
        assert!(text.contains(from), "{name} does not hold `{from}`");
        self.write(name, &text.replace(from, to));
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).expect("a manifest to remove");
    }
}

impl Default for Manifests {
    fn default() -> Self {
        Self::new()
    }
}

/// The password of every box of [`Manifests::of`].
pub const PASSWORD: &str = "correct-horse-battery";

/// The password that the examples give a box.
#[must_use]
pub fn sample_password(name: &str) -> String {
    format!("sample-password-of-{name}")
}

/// A box under [`PASSWORD`].
#[must_use]
pub fn mailbox(name: &str, address: &str) -> String {
    format!(
        "---\napiVersion: postern.dev/v1alpha1\nkind: Mailbox\nmetadata: {{name: {name}, namespace: acme}}\n\
         spec: {{address: {address}, auth: {{passwordSecretRef: {{name: passwords, key: all}}}}}}\n"
    )
}

/// An address that stands for others.
#[must_use]
pub fn group(name: &str, address: &str, targets: &[&str]) -> String {
    let targets = targets.join(", ");
    format!(
        "---\napiVersion: postern.dev/v1alpha1\nkind: Alias\nmetadata: {{name: {name}, namespace: acme}}\n\
         spec: {{address: {address}, kind: Group, targets: [{targets}]}}\n"
    )
}
