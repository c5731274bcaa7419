//! What can be asked, and what comes back. Both ends are of one build, so there is no version here.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::table::Table;

/// A question or an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// Resources as the directory has them.
    Get {
        /// `domains`, `mailbox`, `ippools`, … in any of the forms that `kubectl` takes.
        kind: String,
        /// One by its name; all without.
        name: Option<String>,
        /// One tenant; all without.
        namespace: Option<String>,
        /// The shape of the answer.
        output: Output,
    },
    /// What became of a message.
    Trace {
        /// A Message-ID, a trace id or an address.
        of: String,
        /// With the SMTP dialogue.
        dialogue: bool,
        /// Messages at most.
        limit: u32,
    },
    /// What waits to be sent.
    Queue {
        /// What to do with it.
        action: QueueAction,
    },
    /// Searches of a box shall read less.
    Index {
        /// Any of its addresses.
        address: String,
        /// Made again from nothing.
        anew: bool,
    },
    /// A copy of everything, consistent in itself.
    Backup {
        /// A file that does not exist yet, as the server sees it.
        to: PathBuf,
    },
}

/// The shape of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum Output {
    /// Columns.
    #[default]
    Table,
    /// More columns.
    Wide,
    /// The whole resource with its status.
    Yaml,
    /// The same as JSON.
    Json,
}

/// What to do with the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", deny_unknown_fields)]
pub enum QueueAction {
    /// Show it, the oldest first.
    List {
        /// Recipients at this domain only.
        domain: Option<String>,
        /// Rows at most.
        limit: u32,
    },
    /// Try again now.
    Retry {
        /// Ids as listed; all without.
        ids: Vec<String>,
    },
    /// Keep and do not try.
    Hold {
        /// Ids as listed.
        ids: Vec<String>,
    },
    /// Try what was held.
    Release {
        /// Ids as listed.
        ids: Vec<String>,
    },
    /// Give up and tell the sender.
    Bounce {
        /// Queue ids as listed.
        ids: Vec<String>,
    },
    /// Give up and tell nobody.
    Drop {
        /// Ids as listed.
        ids: Vec<String>,
    },
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "camelCase")]
pub enum Response {
    /// Columns.
    Table {
        /// To be printed.
        table: Table,
    },
    /// Text to be printed as it is.
    Text {
        /// With its line ends.
        text: String,
    },
    /// No: the request was wrong or could not be carried out.
    Refused {
        /// Why, and what would be right.
        message: String,
    },
}
