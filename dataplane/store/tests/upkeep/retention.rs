//! Trash, Junk, deleted boxes, the trail, history.

use postern_core::{ByteSize, TraceId};
use postern_store::{
    StoreError, args,
    directory::{AddressTarget, VerifiersBySource, process},
    ingest::Target,
    mail::{FlagChange, Flags, INBOX, SpecialUse},
    trail::{self, EventRow, Stage},
    upkeep::{Janitor, Policy},
};
use postern_tests::{TestDatabase, suite, temp::TempFolder};

use crate::{fixture::*, world};

suite!(
    trash_and_junk_expire_as_the_domain_says,
    more_than_a_slice_expires_too,
    a_deleted_box_goes_when_its_grace_is_over,
    what_is_expunged_is_swept_a_day_later,
    an_object_that_no_row_names_goes_wherever_it_lies,
    old_days_of_the_trail_go,
    a_folder_forgets_its_oldest_expunges,
    the_directory_forgets_what_everybody_knows,
    a_domain_over_its_storage_takes_no_more_until_there_is_room,
    no_box_is_larger_than_its_domain_allows,
);

async fn trash_and_junk_expire_as_the_domain_says(at: TestDatabase) {
    let mut house = House::open(&at).await;
    let (alice, bob) = (house.alice, house.bob);
    for account in [alice, bob] {
        for folder in [TRASH, JUNK, Target::Inbox] {
            house.deliver(account, folder).await;
        }
    }
    house.pass(6).await;
    // Old by its date, and yet it came into the folder six days ago only.
    assert_eq!((house.messages(alice, "Trash").await, house.messages(bob, "Trash").await), (1, 1));
    house.deliver(bob, TRASH).await;
    house.pass(2).await;
    assert_eq!((house.messages(alice, "Trash").await, house.messages(bob, "Trash").await), (1, 1), "a week at example.net");
    assert_eq!((house.messages(alice, "Junk").await, house.messages(bob, "Junk").await), (1, 1));
    house.pass(23).await;
    for account in [alice, bob] {
        let counts =
            [house.messages(account, "Trash").await, house.messages(account, "Junk").await, house.messages(account, "INBOX").await];
        assert_eq!(counts, [0, 0, 1], "thirty days, and the inbox is nobody's business");
    }
}

async fn more_than_a_slice_expires_too(at: TestDatabase) {
    let mut house = House::open(&at).await;
    let alice = house.alice;
    house.deliver(alice, Target::Inbox).await;
    let trash = house.store.boxes.folders(alice).await.unwrap().into_iter().find(|f| f.special_use == Some(SpecialUse::Trash)).unwrap().id;
    for _ in 0..450 {
        house.store.boxes.copy(alice, INBOX, &[1], trash).await.unwrap();
    }
    let mut listener = house.store.boxes.subscribe(alice);
    listener.seen();
    house.clock.advance(31 * world::DAY);
    house.tidy().await;
    assert_eq!(house.messages(alice, "Trash").await, 0);
    assert_eq!(house.messages(alice, "INBOX").await, 1);
    tokio::time::timeout(std::time::Duration::from_secs(10), listener.moved()).await.expect("sessions are told");
}

async fn a_deleted_box_goes_when_its_grace_is_over(at: TestDatabase) {
    let mut house = House::open(&at).await;
    let (alice, bob) = (house.alice, house.bob);
    for _ in 0..3 {
        house.deliver(alice, Target::Inbox).await;
        house.deliver(bob, Target::Inbox).await;
    }
    let mut without = everything();
    without.accounts.pop();
    house.directory.apply(&without, house.epoch, &VerifiersBySource::new()).await.unwrap();
    house.pass(6).await;
    let back = house.directory.apply(&everything(), house.epoch, &VerifiersBySource::new()).await.unwrap();
    assert_eq!(back.restored.len(), 1);
    assert_eq!(house.messages(bob, "INBOX").await, 3, "it came back within its grace, with its mail");

    house.directory.apply(&without, house.epoch, &VerifiersBySource::new()).await.unwrap();
    house.pass(10).await;
    for table in ["account", "folder", "message", "placement"] {
        let sql = match table {
            "account" => "SELECT count(*) FROM account WHERE id <> $1",
            "folder" => "SELECT count(*) FROM folder WHERE account <> $1",
            "message" => "SELECT count(*) FROM message WHERE account <> $1",
            _ => "SELECT count(*) FROM placement WHERE account <> $1",
        };
        assert_eq!(house.store.db.row(sql, args![alice]).await.unwrap().unwrap().int(0).unwrap(), 0, "{table}");
    }
    assert_eq!(house.count("SELECT count(*) FROM blob").await, 3);
    assert_eq!(house.count("SELECT count(*) FROM directory_record WHERE kind = 1").await, 1);
    assert_eq!(house.directory.address(&world::address("bob@example.net")).await.unwrap(), AddressTarget::None);
    assert_eq!(house.messages(alice, "INBOX").await, 3);
}

async fn what_is_expunged_is_swept_a_day_later(at: TestDatabase) {
    let mut house = House::open(&at).await;
    let alice = house.alice;
    house.deliver(alice, Target::Inbox).await;
    house.store.boxes.store(alice, INBOX, &[1], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
    house.store.boxes.expunge(alice, INBOX, None).await.unwrap();
    house.tidy().await;
    assert_eq!(house.count("SELECT count(*) FROM message").await, 1, "an open session may read it still");
    house.pass(3).await;
    assert_eq!((house.count("SELECT count(*) FROM message").await, house.count("SELECT count(*) FROM blob").await), (0, 0));
}

async fn an_object_that_no_row_names_goes_wherever_it_lies(at: TestDatabase) {
    let bodies = TempFolder::new();
    let mut house = House::with_bodies_in(&at, bodies.path()).await;
    let large: Vec<u8> = (0..4_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    for _ in 0..20 {
        house.deliver_body(house.alice, Target::Inbox, &large).await;
        // Written out, and its message never came.
        house.store.prepare(&large).await.unwrap();
    }
    let files =
        || -> usize { std::fs::read_dir(bodies.path()).unwrap().map(|f| std::fs::read_dir(f.unwrap().path()).unwrap().count()).sum() };
    assert_eq!(files(), 40);
    // The files are as old as the machine says, the past of the test's clock.
    house.tidy().await;
    assert_eq!(files(), 20);
    assert_eq!(house.count("SELECT count(*) FROM blob").await, 20);
}

async fn old_days_of_the_trail_go(at: TestDatabase) {
    let mut house = House::open(&at).await;
    for _ in 0..40 {
        house.tidy().await;
        let row = EventRow::new(TraceId(house.store.ids.next()), house.store.now(), Stage::Received, &serde_json::json!({}));
        let mut tx = house.store.db.begin().await.unwrap();
        trail::insert(&mut tx, &[row], &house.store.ids).await.unwrap();
        tx.commit().await.unwrap();
        house.clock.advance(world::DAY);
    }
    house.tidy().await;
    assert_eq!(house.count("SELECT count(*) FROM event").await, 30);
    assert_eq!(house.count("SELECT MIN(day) FROM event").await, house.store.now().day() - 30);
}

async fn a_folder_forgets_its_oldest_expunges(at: TestDatabase) {
    let mut house = House::open(&at).await;
    house.janitor = Janitor::new(house.store.clone(), house.directory.clone(), Policy { expunges: 10, ..Policy::default() });
    let alice = house.alice;
    for uid in 1..=30 {
        house.deliver(alice, Target::Inbox).await;
        house.store.boxes.store(alice, INBOX, &[uid], &FlagChange::Add(Flags::DELETED, vec![]), None).await.unwrap();
        house.store.boxes.expunge(alice, INBOX, None).await.unwrap();
    }
    house.tidy().await;
    let folder = house.store.boxes.folder(alice, "INBOX").await.unwrap().unwrap();
    assert_eq!(house.count("SELECT count(*) FROM expunged").await, 30, "whoever is just asking still finds them");
    house.pass(1).await;
    assert_eq!(house.count("SELECT count(*) FROM expunged").await, 10);
    let floor = house.count("SELECT MIN(modseq) FROM expunged").await;
    assert!(folder.history_floor < floor && folder.history_floor > 1, "what is above the floor is complete");
    let after = house.store.boxes.folder(alice, "INBOX").await.unwrap().unwrap();
    assert_eq!((after.modseq, after.history_floor), (folder.modseq, folder.history_floor), "and nothing moves on by it");
}

async fn the_directory_forgets_what_everybody_knows(at: TestDatabase) {
    let mut house = House::open(&at).await;
    let old = house.directory.position();
    let mut tx = house.store.db.begin().await.unwrap();
    for position in old + 1..=old + 1_200 {
        tx.execute("INSERT INTO directory_change VALUES ($1, 1, 'example.org')", args![position]).await.unwrap();
    }
    tx.execute("UPDATE counter SET value = $1 WHERE name = 'position'", args![old + 1_200]).await.unwrap();
    tx.commit().await.unwrap();
    process::register(&house.store.db, &[], "dead", house.store.now() - world::DAY).await.unwrap();
    house.tidy().await;
    assert_eq!(house.count("SELECT count(*) FROM directory_change").await, 1_000);
    assert_eq!(house.count("SELECT count(*) FROM process WHERE host = 'dead'").await, 0);
    // A reader that is further behind than that forgets everything, and sees what is there.
    assert_eq!(house.directory.refresh().await.unwrap(), old + 1_200);
}

async fn a_domain_over_its_storage_takes_no_more_until_there_is_room(at: TestDatabase) {
    let mut house = House::open(&at).await;
    let mut update = everything();
    update.domains[0] = world::changed(&update.domains[0], |domain| domain.limits.storage = Some(ByteSize(3_000)));
    house.directory.apply(&update, house.epoch, &VerifiersBySource::new()).await.unwrap();
    let full = |house: &House| {
        let (store, alice) = (house.store.clone(), house.alice);
        async move {
            let usage = store.boxes.usage(alice).await.unwrap();
            usage.quota.is_some_and(|quota| usage.used >= quota)
        }
    };
    house.deliver_body(house.alice, Target::Inbox, &[b'x'; 2_000]).await;
    house.deliver_body(house.bob, Target::Inbox, &[b'x'; 2_000]).await;
    house.tidy().await;
    assert!(!full(&house).await);
    house.deliver_body(house.alice, Target::Inbox, &[b'x'; 2_000]).await;
    house.clock.advance(world::DAY / 1_440);
    house.tidy().await;
    assert!(full(&house).await, "mail is refused, and so are APPEND and COPY");
    assert!(matches!(house.store.boxes.copy(house.alice, INBOX, &[1], INBOX).await, Err(StoreError::OverQuota(_))));
    assert_eq!(house.store.boxes.usage(house.bob).await.unwrap().quota, None, "another domain's box is not concerned");

    house.store.boxes.store(house.alice, INBOX, &[1], &FlagChange::Add(Flags::DELETED, Vec::new()), None).await.unwrap();
    house.store.boxes.expunge(house.alice, INBOX, None).await.unwrap();
    house.clock.advance(world::DAY / 1_440);
    house.tidy().await;
    assert!(!full(&house).await);
}

async fn no_box_is_larger_than_its_domain_allows(at: TestDatabase) {
    let house = House::open(&at).await;
    let mut update = everything();
    update.domains[0] = world::changed(&update.domains[0], |domain| domain.limits.storage_per_mailbox = Some(ByteSize(5_000)));
    house.directory.apply(&update, house.epoch, &VerifiersBySource::new()).await.unwrap();
    assert_eq!(house.store.boxes.usage(house.alice).await.unwrap().quota, Some(5_000));
    update.accounts[0] = world::changed(&update.accounts[0], |account| account.quota = Some(ByteSize(9_000)));
    house.directory.apply(&update, house.epoch, &VerifiersBySource::new()).await.unwrap();
    assert_eq!(house.store.boxes.usage(house.alice).await.unwrap().quota, Some(5_000), "whatever the box says");
}
