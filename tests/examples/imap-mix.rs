//! Many clients at once, as a stress test of IMAP servers mixes them: how many commands a second, and what went wrong.
//!
//! ```text
//! cargo run --release -p postern-tests --example imap-mix -- 127.0.0.1:3143 'u%d@bench.test' pw [CLIENTS [BOXES [SECONDS [PIDS]]]]
//! ```
//! Each client does LOGIN, LIST and STATUS (half of the time), SELECT, FETCH of the list view, FETCH of a body, STORE (half
//! of the time), STORE \Deleted, EXPUNGE, APPEND, LOGOUT, then begins anew as another user; boxes are shared by several
//! clients, and kept at some thirty messages. A command that is refused, cut or not answered within a minute is an error;
//! so is none: a message that another client has expunged may be missed (`EXPUNGEISSUED`). One JSON line is printed; with
//! PIDS, separated by commas, it has the CPU of those processes and all below them for each command.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use postern_tests::imap::Imap;

/// Messages that a box is kept at.
const MESSAGES: u64 = 30;

/// What has been done by one client.
#[derive(Default)]
struct Done {
    took: BTreeMap<&'static str, Vec<Duration>>,
    errors: Vec<String>,
}

struct Mix {
    address: SocketAddr,
    users: String,
    password: String,
    boxes: u64,
    ends: Instant,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let [address, users, password, ..] = arguments.as_slice() else { return Err("HOST:PORT USERS PASSWORD".into()) };
    let (clients, boxes, seconds) = (number(3, 200)?, number(4, 50)?, number(5, 60)?);
    let pids = arguments.get(6).cloned().unwrap_or_default();
    let mix = Arc::new(Mix {
        address: address.parse()?,
        users: users.clone(),
        password: password.clone(),
        boxes,
        ends: Instant::now() + Duration::from_secs(seconds),
    });
    let all = Arc::new(Mutex::new(Done::default()));
    let (began, cpu_before) = (Instant::now(), cpu(&pids));
    let threads: Vec<_> = (0..clients)
        .map(|client| {
            let (mix, all) = (mix.clone(), all.clone());
            thread::spawn(move || {
                let mut done = Done::default();
                let mut chance = Chance(client.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
                while Instant::now() < mix.ends {
                    if let Err(error) = session(&mix, &mut chance, &mut done) {
                        done.errors.push(error.to_string());
                    }
                }
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                done.took.into_iter().for_each(|(name, took)| all.took.entry(name).or_default().extend(took));
                all.errors.extend(done.errors);
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a client died")?;
    }
    let (wall, cpu) = (began.elapsed(), cpu(&pids) - cpu_before);
    let all = std::mem::take(&mut *all.lock().unwrap_or_else(PoisonError::into_inner));
    let commands: usize = all.took.values().map(Vec::len).sum();
    let each: BTreeMap<_, _> = all.took.into_iter().map(|(name, took)| (name, summary(took))).collect();
    let line = serde_json::json!({
        "clients": clients, "boxes": boxes, "seconds": wall.as_secs_f64(), "commands": commands,
        "commands_per_s": (commands as f64 / wall.as_secs_f64()).round(),
        "server_cpu_ms_per_command": (!pids.is_empty()).then(|| cpu / commands.max(1) as f64),
        "errors": all.errors.len(), "first_errors": all.errors.iter().take(3).collect::<Vec<_>>(), "ms": each,
    });
    println!("{line}");
    Ok(())
}

/// One login with all that is done in it.
fn session(mix: &Mix, chance: &mut Chance, done: &mut Done) -> io::Result<()> {
    let user = mix.users.replace("%d", &(1 + chance.below(mix.boxes)).to_string());
    let began = Instant::now();
    let mut client = Imap::login(mix.address, &user, &mix.password)?;
    done.took.entry("LOGIN").or_default().push(began.elapsed());
    if chance.below(2) == 0 {
        command(&mut client, done, "LIST", "LIST \"\" *")?;
    }
    if chance.below(2) == 0 {
        command(&mut client, done, "STATUS", "STATUS INBOX (MESSAGES UIDNEXT UNSEEN)")?;
    }
    let answers = command(&mut client, done, "SELECT", "SELECT INBOX")?;
    let count = answers.iter().find_map(|line| line.strip_suffix(" EXISTS")?.parse::<u64>().ok()).unwrap_or(0);
    if count > 0 {
        let (low, one) = (count.saturating_sub(9).max(1), 1 + chance.below(count));
        command(&mut client, done, "FETCH list", &format!("FETCH {low}:{count} (UID FLAGS ENVELOPE RFC822.SIZE BODYSTRUCTURE)"))?;
        command(&mut client, done, "FETCH body", &format!("FETCH {one} BODY.PEEK[]"))?;
        if chance.below(2) == 0 {
            let (sign, flag) = (["+", "-"][chance.below(2) as usize], ["\\Seen", "\\Flagged", "\\Answered"][chance.below(3) as usize]);
            command(&mut client, done, "STORE", &format!("STORE {one} {sign}FLAGS ({flag})"))?;
        }
        if count > MESSAGES {
            command(&mut client, done, "STORE", &format!("STORE 1:{} +FLAGS.SILENT (\\Deleted)", count - MESSAGES))?;
        }
        command(&mut client, done, "EXPUNGE", "EXPUNGE")?;
    }
    let message = message(chance);
    let began = Instant::now();
    let answer = client.append("INBOX", &message)?;
    done.took.entry("APPEND").or_default().push(began.elapsed());
    refused("APPEND", &answer)?;
    command(&mut client, done, "LOGOUT", "LOGOUT").map(drop)
}

fn command(client: &mut Imap, done: &mut Done, name: &'static str, text: &str) -> io::Result<Vec<String>> {
    let began = Instant::now();
    let answer = client.command(text)?;
    done.took.entry(name).or_default().push(began.elapsed());
    refused(text, &answer)?;
    Ok(answer.untagged)
}

fn refused(command: &str, answer: &postern_tests::imap::Answer) -> io::Result<()> {
    // RFC 2180 §4: another client was faster.
    let gone = answer.text.contains("EXPUNGEISSUED") || answer.status == "BAD" && command.starts_with("STORE");
    if answer.is_ok() || gone { Ok(()) } else { Err(io::Error::other(format!("{command}: {} {}", answer.status, answer.text))) }
}

/// 2 to 8 KiB of text, unlike any other.
fn message(chance: &mut Chance) -> String {
    let mut text = format!(
        "From: sender{}@example.org\r\nTo: box@bench.test\r\nSubject: mixed {:x}\r\nMessage-ID: <{:x}@bench>\r\n\r\n",
        chance.below(90),
        chance.next(),
        chance.next()
    );
    let size = 2_048 + chance.below(6_144) as usize;
    while text.len() < size {
        text.push_str(["the ", "mail ", "of ", "many ", "clients ", "is ", "mixed ", "here "][chance.below(8) as usize]);
        if chance.below(12) == 0 {
            text.push_str(&format!("{:x}\r\n", chance.next()));
        }
    }
    text.push_str("\r\n");
    text
}

/// Median and 99th percentile in milliseconds, and how many.
fn summary(mut took: Vec<Duration>) -> serde_json::Value {
    took.sort_unstable();
    let at = |share: f64| took.get(((took.len() as f64 * share) as usize).min(took.len() - 1)).map_or(0.0, |d| d.as_secs_f64() * 1e3);
    serde_json::json!({"n": took.len(), "p50": at(0.5), "p99": at(0.99)})
}

/// Milliseconds that processes and all below them have been on a CPU.
fn cpu(pids: &str) -> f64 {
    let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        below.entry(parent.unwrap_or(0)).or_default().push(pid);
    }
    let (mut found, mut rest): (HashSet<u32>, Vec<u32>) = (HashSet::new(), pids.split(',').filter_map(|pid| pid.parse().ok()).collect());
    while let Some(pid) = rest.pop() {
        if found.insert(pid) {
            rest.extend(below.get(&pid).into_iter().flatten());
        }
    }
    // User and system time in hundredths of a second, of those that have ended too.
    let ticks = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<f64> = stat.rsplit(')').next().unwrap_or("").split_whitespace().filter_map(|field| field.parse().ok()).collect();
        fields.get(10..14).map_or(0.0, |times| times.iter().sum())
    };
    found.iter().map(ticks).sum::<f64>() * 10.0
}

/// xorshift64*.
struct Chance(u64);

impl Chance {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    const fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n
    }
}
