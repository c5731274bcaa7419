//! Any octets have a summary that is consistent in itself, and any octets are read as a summary without harm.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_message::summary::{Summary, SummaryRef};

#[path = "../../message/tests/show/mod.rs"]
mod show;

fuzz_target!(|data: &[u8]| {
    let summary = Summary::of(data);
    show::check(&summary.view(), data);
    let _ = show::show(&summary.view());
    if let Some(other) = SummaryRef::new(data) {
        for part in other.parts().take(2000) {
            let _ = (other.number(&part), other.children(&part).take(2000).count());
        }
    }
});
