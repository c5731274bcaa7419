//! What an administrator sees who edits files: on both databases, with real hashes and keys.

use std::{fs, path::Path, sync::Arc, time::Duration};

use postern_access::password;
use postern_apply::confirm;
use postern_core::{Clock, Secret, SystemClock, directory::DkimAlgorithm};
use postern_net::{Drain, Phase};
use postern_store::{
    Options,
    db::Location,
    directory::{AddressTarget, process},
};
use postern_tests::{TestDatabase, temp::TempFolder};
use rand::{SeedableRng, rngs::StdRng};
use tokio::{sync::mpsc, time::timeout};

use super::*;
use crate::{
    control::{Output, Response},
    readiness::Readiness,
};

postern_tests::suite!(
    the_examples_are_served,
    an_edit_changes_what_it_names,
    a_broken_file_stops_nothing_else,
    a_password_is_hashed_when_it_changes_and_not_before,
    many_objects_go_only_with_a_word,
    a_password_that_is_made_is_told_once,
    an_edit_is_seen_and_the_last_to_see_it_writes,
);

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crds/examples");
const DOMAIN: &str = "apiVersion: postern.dev/v1alpha1\nkind: Domain\nmetadata: {name: d, namespace: acme}\nspec: {domain: example.org, dkim: {algorithms: [ed25519]}, hosts: {mail: mx.elsewhere.example}}\n";

struct World {
    manifests: TempFolder,
    store: Store,
    directory: Directory,
    folder: Folder,
    _at: TestDatabase,
}

impl World {
    async fn of(at: TestDatabase, files: &[(&str, &str)]) -> Self {
        let manifests = TempFolder::new();
        for (name, text) in files {
            fs::write(manifests.path().join(name), text).unwrap();
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let options = match &at {
            TestDatabase::Folder(folder) => Options::folder(folder.path(), clock.clone()),
            TestDatabase::Postgres(url) => {
                Options { location: Location::Postgres { url: url.clone(), connections: 6 }, ..Options::postgres(url, clock.clone()) }
            }
        };
        let store = Store::open(options).await.unwrap();
        let directory = Directory::open(store.db.clone(), clock, store.ids.clone(), ring()).await.unwrap();
        let folder = folder(manifests.path(), &store, &directory).await;
        Self { manifests, store, directory, folder, _at: at }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.manifests.path().join(name), text).unwrap();
    }

    async fn apply(&self) -> Applied {
        self.folder.apply().await.unwrap()
    }

    /// `account`, `alias` or `none`.
    async fn target(&self, address: &str) -> &'static str {
        match self.directory.address(&address.parse().unwrap()).await.unwrap() {
            AddressTarget::Account(_) => "account",
            AddressTarget::Alias(_) => "alias",
            AddressTarget::None => "none",
        }
    }

    async fn opens(&self, address: &str, text: &str) -> bool {
        let login = self.directory.login(address).await.unwrap().unwrap();
        assert!(login.scram.is_some());
        password::verify(&Secret::new(text.to_owned()), &login.phc.clone().unwrap()).unwrap()
    }

    async fn get(&self, kind: &str, name: Option<&str>, output: Output) -> String {
        match self.folder.get(kind, name, None, output).await {
            Response::Table { table } => table.to_string(),
            Response::Text { text } => text,
            Response::Refused { message } => message,
        }
    }
}

fn ring() -> SealKeys {
    SealKeys::parse(SealKeys::generate(&mut StdRng::seed_from_u64(1)).expose().as_bytes(), Box::new(StdRng::seed_from_u64(2))).unwrap()
}

async fn folder(path: &Path, store: &Store, directory: &Directory) -> Folder {
    let rng = Box::new(StdRng::seed_from_u64(3));
    Folder::open(Parts {
        path: path.to_owned(),
        store: store.clone(),
        directory: directory.clone(),
        keys: ring(),
        host: "localhost".parse().unwrap(),
        rng,
    })
    .await
    .unwrap()
}

fn mailbox(name: &str, auth: &str) -> String {
    format!(
        "---\napiVersion: postern.dev/v1alpha1\nkind: Mailbox\nmetadata: {{name: {name}, namespace: acme}}\nspec:\n  address: {name}@example.org\n{auth}"
    )
}

fn alias(name: &str) -> String {
    format!(
        "---\napiVersion: postern.dev/v1alpha1\nkind: Alias\nmetadata: {{name: {name}, namespace: acme}}\nspec: {{address: {name}@example.org, kind: Redirect, targets: [a@example.org]}}\n"
    )
}

fn secret(password: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: acme}}\nstringData: {{p: {password}}}\n")
}

async fn the_examples_are_served(at: TestDatabase) {
    let world = World::of(at, &[]).await;
    for entry in fs::read_dir(EXAMPLES).unwrap().flatten() {
        fs::copy(entry.path(), world.manifests.path().join(entry.file_name())).unwrap();
    }
    let applied = world.apply().await;
    assert_eq!(applied.problems.to_vec(), []);
    for (address, target) in [
        ("alice@example.org", "account"),
        ("a.smith@example.com", "account"),
        ("sales@example.org", "alias"),
        ("nobody@example.net", "none"),
    ] {
        assert_eq!(world.target(address).await, target, "{address}");
    }
    assert!(world.opens("alice@example.org", "sample-password-of-alice").await);
    assert!(!world.opens("bob@example.net", "sample-password-of-alice").await);
    assert_eq!(world.folder.ensure_keys().await.unwrap(), 4, "two of each domain");
    assert_eq!(world.folder.ensure_keys().await.unwrap(), 0);
    let keys = world.directory.dkim_keys(&"example.org".parse().unwrap()).await.unwrap();
    assert!(keys.iter().any(|k| k.algorithm == DkimAlgorithm::Rsa2048) && keys.iter().all(|k| k.signs(world.store.now())));

    let shown = world.get("domains", None, Output::Table).await;
    assert!(shown.contains("acme        example-org   example.org   True    Unknown"), "{shown}");
    assert!(shown.contains("Programming"), "this process has not said that it serves it: {shown}");
    process::heartbeat(&world.store.db, world.store.process, world.directory.position(), world.store.now()).await.unwrap();
    let shown = world.get("md", Some("example-org"), Output::Yaml).await;
    for part in
        ["kind: Domain", "type: Ready", "reason: Serving", "_domainkey.example.org.", "v=DKIM1; k=ed25519; p=", "10 mail.example.org."]
    {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    for kind in ["mailboxes", "aliases", "ippools", "brandings"] {
        let shown = world.get(kind, None, Output::Table).await;
        assert!(shown.lines().count() > 1 && !shown.contains("False   acme"), "{shown}");
        assert!(shown.lines().skip(1).all(|line| line.contains("True")), "{shown}");
    }
    assert!(!world.get("mailboxes", None, Output::Json).await.contains("sample-password-of"), "no Secret is shown");
    assert!(world.get("pods", None, Output::Table).await.contains("ask for domains, mailboxes"));

    let again = world.apply().await;
    assert_eq!((again.written, again.problems.len()), (0, 0));
}

async fn an_edit_changes_what_it_names(at: TestDatabase) {
    let world = World::of(at, &[("d.yaml", DOMAIN), ("a.yaml", &mailbox("a", "")), ("b.yaml", &alias("b"))]).await;
    let applied = world.apply().await;
    assert_eq!(applied.problems.to_vec(), [], "a host outside the domain is the administrator's word");
    let mail = world.directory.domain(&"example.org".parse().unwrap()).await.unwrap().unwrap().record.hosts.mail.clone();
    assert_eq!(mail.map(|host| host.to_string()).as_deref(), Some("mx.elsewhere.example"));

    fs::remove_file(world.manifests.path().join("b.yaml")).unwrap();
    world.write("a.yaml", &mailbox("c", ""));
    let applied = world.apply().await;
    assert_eq!((applied.written, applied.removed.len()), (1, 2));
    for (address, target) in [("a@example.org", "none"), ("b@example.org", "none"), ("c@example.org", "account")] {
        assert_eq!(world.target(address).await, target, "{address}");
    }
    world.write("a.yaml", &(mailbox("a", "") + &mailbox("c", "")));
    assert_eq!(world.apply().await.written, 1);
    assert_eq!(world.target("a@example.org").await, "account", "a box that comes back is had back");
}

async fn a_broken_file_stops_nothing_else(at: TestDatabase) {
    let world = World::of(at, &[("d.yaml", DOMAIN), ("a.yaml", &mailbox("a", "")), ("b.yaml", &alias("b"))]).await;
    world.apply().await;
    world.write("d.yaml", &DOMAIN.replace("spec: {", "spec: {mode: Fulll, "));
    world.write("c.yaml", &mailbox("c", ""));
    fs::remove_file(world.manifests.path().join("b.yaml")).unwrap();
    let applied = world.apply().await;
    let [problem] = &*applied.problems else { panic!("{:?}", applied.problems) };
    assert!(problem.to_string().ends_with("d.yaml:4: spec.mode: \"Fulll\" is not a mode; write one of Full, SendOnly, ReceiveOnly, Split"));
    for (address, target) in [("a@example.org", "account"), ("b@example.org", "alias"), ("c@example.org", "account")] {
        assert_eq!(world.target(address).await, target, "{address}: what works goes on, and nothing is removed on half a view");
    }
    assert!(world.get("problems", None, Output::Table).await.contains("spec.mode"));
    let shown = world.get("domains", Some("d"), Output::Yaml).await;
    assert!(shown.contains("reason: InvalidSpec") && shown.contains("what was served before stays as it was"), "{shown}");
    world.write("d.yaml", DOMAIN);
    let applied = world.apply().await;
    assert_eq!((applied.problems.len(), applied.removed.len()), (0, 1));
    assert_eq!(world.target("b@example.org").await, "none");
}

async fn a_password_is_hashed_when_it_changes_and_not_before(at: TestDatabase) {
    let auth = "  auth: {passwordSecretRef: {name: s, key: p}}\n";
    let world = World::of(at, &[("d.yaml", DOMAIN), ("a.yaml", &mailbox("a", auth)), ("s.yaml", &secret("first"))]).await;
    world.apply().await;
    assert!(world.opens("a@example.org", "first").await);
    let hash = async || world.directory.login("a@example.org").await.unwrap().unwrap().phc.clone();
    let before = hash().await;

    world.write("a.yaml", &mailbox("a", &format!("  quota: 1Gi\n{auth}")));
    assert_eq!(world.apply().await.written, 1);
    assert_eq!(hash().await, before, "the box changed, its password did not");
    let restarted = folder(world.manifests.path(), &world.store, &world.directory).await;
    assert_eq!(restarted.apply().await.unwrap().written, 0, "nor does a restart change anything");
    world.folder.take_over().await.unwrap();

    world.write("s.yaml", &secret("second"));
    world.apply().await;
    assert!(world.opens("a@example.org", "second").await && !world.opens("a@example.org", "first").await);
}

async fn many_objects_go_only_with_a_word(at: TestDatabase) {
    let all: String = (0..30).map(|i| alias(&format!("x{i}"))).collect();
    let world = World::of(at, &[("d.yaml", DOMAIN), ("x.yaml", &all)]).await;
    assert_eq!(world.apply().await.written, 31);
    world.write("x.yaml", "# emptied by mistake\n");
    let applied = world.apply().await;
    let [problem] = &*applied.problems else { panic!("{:?}", applied.problems) };
    assert!(problem.message.starts_with("30 objects are gone from the folder, too many at once: all are kept"), "{problem}");
    assert_eq!(world.target("x7@example.org").await, "alias");
    let namespace = |number: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: acme, annotations: {{{}: \"{number}\"}}}}\n", confirm::ANNOTATION)
    };
    world.write("n.yaml", &namespace("29"));
    assert_eq!(world.apply().await.removed.len(), 0, "another number is another matter");
    world.write("n.yaml", &namespace("30"));
    let applied = world.apply().await;
    assert_eq!((applied.removed.len(), applied.problems.len()), (30, 0));
    assert_eq!(world.target("x7@example.org").await, "none");
}

async fn a_password_that_is_made_is_told_once(at: TestDatabase) {
    let world = World::of(at, &[("d.yaml", DOMAIN), ("a.yaml", &mailbox("a", "  auth: {generate: true}\n"))]).await;
    let applied = world.apply().await;
    let [made] = &*applied.generated else { panic!("{} passwords", applied.generated.len()) };
    assert!(world.opens(&made.address.to_string(), made.password.expose()).await);
    world.write("a.yaml", &mailbox("a", "  quota: 1Gi\n  auth: {generate: true}\n"));
    let applied = world.apply().await;
    assert_eq!((applied.written, applied.generated.len()), (1, 0));
    assert!(world.opens(&made.address.to_string(), made.password.expose()).await);
}

async fn an_edit_is_seen_and_the_last_to_see_it_writes(at: TestDatabase) {
    let world = World::of(at, &[("d.yaml", DOMAIN)]).await;
    let second = folder(world.manifests.path(), &world.store, &world.directory).await;
    let (drain, readiness) = (Drain::new(), Readiness::new());
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut running = Vec::new();
    for (name, folder) in [("first", world.folder.clone()), ("second", second)] {
        let tell = tell.clone();
        let told = move |applied: &Applied| tell.send(applied.written).unwrap_or_default();
        running.push(tokio::spawn(folder.run(drain.clone(), readiness.condition(name, "not applied"), told)));
    }
    let patience = Duration::from_secs(60);
    assert_eq!(timeout(patience, told.recv()).await.unwrap(), Some(1), "the first has lost the fence to the second");
    world.write("a.yaml", &mailbox("a", ""));
    while timeout(patience, told.recv()).await.unwrap() != Some(1) {}
    world.directory.refresh().await.unwrap();
    assert_eq!(world.target("a@example.org").await, "account");
    assert_eq!(readiness.unmet(), []);
    drain.advance(Phase::Stopped);
    for task in running {
        task.await.unwrap();
    }
}
