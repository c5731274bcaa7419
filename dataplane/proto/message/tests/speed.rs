//! How long a summary takes: `cargo test --release -p postern-message --test speed -- --ignored --nocapture`.

use std::{hint::black_box, time::Instant};

use postern_message::Summary;

#[test]
#[ignore = "prints a measurement, to be run by hand in release"]
fn microseconds_per_summary() {
    let plain = |octets: usize| {
        let header = String::from_utf8_lossy(include_bytes!("mail/plain.eml")).into_owned();
        let line = "The quick brown fox jumps over the lazy dog, and again, and once more.\r\n";
        header + &line.repeat(octets / line.len())
    };
    let attachment = |octets: usize| {
        let lines = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM=\r\n";
        let mail = String::from_utf8_lossy(include_bytes!("mail/nested.eml")).into_owned();
        mail.replace("JVBERi0=\r\n", &lines.repeat(octets / lines.len()))
    };
    for (name, mail) in [
        ("plain 4 KiB", plain(3 * 1024)),
        ("plain 100 KiB", plain(100 * 1024)),
        ("nested 4 KiB", attachment(3 * 1024)),
        ("nested 100 KiB", attachment(100 * 1024)),
        ("hostile 10 MiB", {
            let open: String = (0..98u8)
                .map(|i| {
                    format!(
                        "Content-Type: multipart/mixed; boundary=\"{0}\"\r\n\r\n--{0}\r\n",
                        char::from(i + 0x21).to_string().replace(['"', '\\'], "~~")
                    )
                })
                .collect();
            open + "\r\n" + &"--\u{1}\n".repeat(10 * 1024 * 1024 / 4)
        }),
        ("nested 10 MiB", attachment(10 * 1024 * 1024)),
    ] {
        let rounds = (200_000_000 / (mail.len() * 10 + 10_000)).max(5);
        let stored = Summary::of(mail.as_bytes()).encode().len();
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(Summary::of(black_box(mail.as_bytes())));
        }
        let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(rounds).unwrap());
        println!("{name}: {micros:.2} µs a message of {} octets, summary {stored} octets", mail.len());
    }
}
