//! The resolved graph of this platform, as `cargo metadata` tells it.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Packages and who uses whom.
pub struct Graph {
    packages: BTreeMap<String, Package>,
    members: BTreeSet<String>,
    /// By package id: what it uses outside of its own tests.
    uses: BTreeMap<String, Vec<String>>,
}

/// What is asked of a package.
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its licence expression.
    pub licence: Option<String>,
    /// Where it came from; `None` for our own.
    pub source: Option<String>,
}

impl Graph {
    /// Asks cargo.
    pub fn of_workspace() -> Self {
        let metadata: Value = {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["metadata", "--locked", "--format-version", "1", "--filter-platform"]).arg(host());
            let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let packages = list(&metadata["packages"]).map(|package| {
            let optional = |field: &str| package[field].as_str().map(str::to_owned);
            (text(&package["id"]), Package { name: text(&package["name"]), licence: optional("license"), source: optional("source") })
        });
        let uses = list(&metadata["resolve"]["nodes"]).map(|node| {
            let normal = |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
            (text(&node["id"]), list(&node["deps"]).filter(normal).map(|dependency| text(&dependency["pkg"])).collect())
        });
        Self { packages: packages.collect(), members: list(&metadata["workspace_members"]).map(text).collect(), uses: uses.collect() }
    }

    /// Every package.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// Names of our own.
    pub fn members(&self) -> impl Iterator<Item = String> {
        self.members.iter().map(|id| self.packages[id].name.clone())
    }

    /// What one of ours uses directly.
    pub fn uses(&self, member: &str) -> impl Iterator<Item = String> {
        self.uses[self.id(member)].iter().map(|id| self.packages[id].name.clone())
    }

    /// What one of ours uses, itself included, through others too.
    pub fn reaches(&self, member: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut open = vec![self.id(member)];
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                open.extend(&self.uses[id]);
            }
        }
        reached.into_iter().map(|id| self.packages[id].name.clone()).collect()
    }

    fn id(&self, member: &str) -> &String {
        self.members.iter().find(|id| self.packages[*id].name == member).unwrap_or_else(|| panic!("no crate {member}"))
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

/// This platform's triple: the packages of others need not have been fetched.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}
