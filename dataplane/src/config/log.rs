//! Logs: their shape and how much.

use tracing_subscriber::EnvFilter;

use super::{
    reader::Reader,
    value::{Value, quoted},
};

/// Section `log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The shape of a line.
    pub format: Format,
    /// What is written: a level, or directives as `info,postern_mailflow=debug`.
    pub level: String,
}

/// The shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Log {
    pub(super) fn read(from: &mut Reader<'_>) -> Self {
        let mut section = from.section("log");
        let log = Self { format: section.value("format", Format::Text), level: section.value("level", "info".to_owned()) };
        if let Err(error) = EnvFilter::builder().parse(&log.level) {
            section.refuse("level", format!("{error}; write error, warn, info, debug or trace, or target=level with commas"));
        }
        log
    }
}

impl Value for Format {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("`{text}` is neither text nor json")),
        }
    }
    fn literal(&self) -> String {
        quoted(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}
