use postern_mailflow::{accept, queue};
use postern_net::Observer as _;
use postern_store::{ingest, queue::Fate};

use super::*;

#[test]
fn counts_appear_under_their_names() {
    let metrics = Metrics::new();
    accept::Observer::stored(&metrics, 3, 1, 4096);
    accept::Observer::refused(&metrics, "unknown_recipient");
    ingest::Observer::committed(&metrics, 7, Duration::from_millis(3));
    queue::Observer::attempted(&metrics, &Fate::Delivered);
    let now = Timestamp::from_secs(1_800_000_000);
    let behind = now - Duration::from_secs(90);
    metrics.queue(&Depth { waiting: 12, due: 5, held: 1, behind_since: Some(behind), oldest: Some(behind) }, now);
    metrics.boxes(&Totals { boxes: 2, messages: 3, bytes: 12_288 });
    metrics.directory(42, now);
    metrics.ready(true, &[("database", true), ("manifests", false)]);
    let listener = metrics.listener("imap");
    listener.opened();
    listener.lost();
    let text = metrics.text();
    for line in [
        concat!("postern_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        "postern_messages_total 1",
        "postern_received_bytes_total 4096",
        "postern_deliveries_total 3",
        "postern_queued_total 1",
        "postern_refusals_total{reason=\"unknown_recipient\"} 1",
        "postern_ingest_batch_messages_sum 7.0",
        "postern_ingest_commit_seconds_bucket{le=\"0.004\"} 1",
        "postern_ingest_not_stored_total 0",
        "postern_queue_recipients{state=\"due\"} 5",
        "postern_queue_recipients{state=\"waiting\"} 7",
        "postern_queue_recipients{state=\"held\"} 1",
        "postern_queue_behind_seconds 90",
        "postern_queue_oldest_seconds 90",
        "postern_outbound_attempts_total{result=\"delivered\"} 1",
        "postern_outbound_attempts_total{result=\"bounced\"} 0",
        "postern_boxes 2",
        "postern_box_messages 3",
        "postern_box_bytes 12288",
        "postern_directory_position 42",
        "postern_directory_read_timestamp_seconds 1800000000",
        "postern_ready 1",
        "postern_condition{condition=\"database\"} 1",
        "postern_condition{condition=\"manifests\"} 0",
        "postern_sessions{listener=\"imap\"} 1",
        "postern_connections_total{listener=\"imap\"} 1",
        "postern_connections_turned_away_total{listener=\"imap\",reason=\"lost\"} 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    listener.closed();
    assert!(metrics.text().contains("postern_sessions{listener=\"imap\"} 0\n"));
}

#[test]
fn the_process_is_told_under_the_names_that_dashboards_know() {
    let text = Metrics::new().text();
    for name in ["process_cpu_seconds_total", "process_start_time_seconds", "process_resident_memory_bytes", "process_open_fds"] {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        assert!(value.is_some_and(|value| value >= 0.0), "{name}\n{text}");
    }
}
