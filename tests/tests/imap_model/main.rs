//! Many clients do random things to a few mailboxes, each keeping a model of what it was told: every answer must fit
//! the one before, and in the end every model is the mailbox. Once on one process, once on three of which one is killed.
//!
//! `POSTERN_TEST_STEPS` says how many commands each client gives, `POSTERN_TEST_SEED` repeats a run.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test have nobody to report to")]

mod player;
mod view;

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
};

use player::{Doors, FOLDERS, Kind, Player, USER, truth};
use postern_tests::{
    PATIENCE, Server, Site, TestDatabase,
    chance::Chance,
    imap::Imap,
    manifests::{Manifests, PASSWORD},
};

/// Clients of each kind.
const CLIENTS: usize = 3;

/// Commands of one client by default: a few seconds of an idle machine.
const STEPS: usize = 150;

#[test]
fn every_client_knows_its_mailbox_on_one_process() {
    let site = Site::new(TestDatabase::sqlite(), Manifests::of("example.org", &["one"], ""));
    let server = Server::start(&site);
    play(&[server.address("imap")], |_| {});
}

#[test]
fn every_client_knows_its_mailbox_though_one_of_three_processes_is_killed() {
    let site = Site::new(TestDatabase::postgres(), Manifests::of("example.org", &["one"], ""));
    let [one, two, three] = ["one", "two", "three"].map(|name| Server::start_as(&site, name, &[]));
    let addresses = [one.address("imap"), two.address("imap"), three.address("imap")];
    play(&addresses, |doors| {
        doors.close(addresses[1]);
        two.kill();
    });
}

/// Lets all play; `midway` is called when some have done half of their commands.
fn play(addresses: &[SocketAddr], midway: impl FnOnce(&Doors)) {
    let steps = std::env::var("POSTERN_TEST_STEPS").map_or(STEPS, |steps| steps.parse().unwrap());
    prepare(addresses[0]);
    let doors = Arc::new(Doors::new(addresses.to_vec()));
    let mut chance = Chance::new();
    let kinds = [Kind::Plain, Kind::Condstore, Kind::Resync];
    let players: Vec<Player> =
        kinds.iter().cycle().take(kinds.len() * CLIENTS).map(|kind| Player::new(*kind, doors.clone(), chance.fork())).collect();
    let (half, halves) = mpsc::channel();
    let playing: Vec<_> = players
        .into_iter()
        .map(|mut player| {
            let half = half.clone();
            thread::spawn(move || {
                for step in 0..steps {
                    if step == steps / 2 {
                        let _ = half.send(());
                    }
                    player.step();
                }
                player
            })
        })
        .collect();
    for _ in 0..kinds.len() {
        halves.recv_timeout(PATIENCE * 5).expect("they get on");
    }
    midway(&doors);
    let players: Vec<Player> = playing.into_iter().map(|playing| playing.join().expect("its model holds")).collect();
    let truth = truth(addresses[0]);
    let lost: usize = players.iter().map(|player| player.lost).sum();
    println!("{} messages, {lost} connections lost", truth.values().map(Vec::len).sum::<usize>());
    for mut player in players {
        player.settle(&truth);
    }
}

/// The mailboxes, with a few messages each.
fn prepare(address: SocketAddr) {
    let mut imap = Imap::login(address, USER, PASSWORD).unwrap();
    let _ = imap.command("CREATE Work").unwrap();
    for folder in FOLDERS {
        for n in 0..8 {
            assert!(imap.append(folder, &format!("Subject: {n}\n\nfirst\n")).unwrap().is_ok());
        }
    }
}
