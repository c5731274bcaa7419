//! The DNS doctor: which records a domain needs, what is there instead, and what to do. Pure: nobody is asked here, the answers
//! come in.
//!
//! ```text
//!  Domain + Parts ──expected──► [Expected] ──questions──► whoever asks DNS ──► Answers
//!                                   └──────────────── Diagnosis::of ◄─────────────┘
//!                                      records with state and fix · DNSReady · BulkSenderReady
//! ```
//!
//! What nobody could say is *unknown* and never *missing*: a name server that is slow must not turn a domain red. An answer that
//! was had before stays until there is another ([`Answers::learn`]).

mod answers;
mod diagnosis;
mod dmarc;
mod expected;
mod interfering;
mod judge;
mod ownership;
mod questions;
mod spf;

pub use answers::{Answer, Answers, Question, RecordType};
pub use diagnosis::{Diagnosis, Finding};
pub use expected::{DkimRecord, Expected, Need, Parts, Site, dkim_text, expected};
pub use judge::points_here;
pub use ownership::{CHALLENGE, Token};
pub use questions::questions;
