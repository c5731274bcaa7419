//! Texts of a spec as values, each refusal with the field and a model of what to write.

use std::time::Duration;

use postern_core::{Address, ByteSize, DomainName, Timestamp, directory::DeletionPolicy};
use postern_crds::{
    k8s_openapi::jiff,
    reference::DeletionPolicy as Wish,
    text::{ByteQuantity, Duration as DurationText, HostName, MailAddress, Moment},
};

use crate::report::Refusals;

/// Reads texts; what cannot be read becomes a refusal and `None`.
pub(crate) struct Values<'a>(pub &'a mut Refusals);

impl Values<'_> {
    pub fn host(&mut self, field: &str, text: &HostName) -> Option<DomainName> {
        self.read(field, text, DomainName::parse(text), "mail.example.org")
    }

    pub fn hosts(&mut self, field: &str, texts: &[HostName]) -> Vec<DomainName> {
        texts.iter().enumerate().filter_map(|(i, t)| self.host(&format!("{field}[{i}]"), t)).collect()
    }

    pub fn address(&mut self, field: &str, text: &MailAddress) -> Option<Address> {
        self.read(field, text, Address::parse(text), "alice@example.org")
    }

    pub fn addresses(&mut self, field: &str, texts: &[MailAddress]) -> Vec<Address> {
        texts.iter().enumerate().filter_map(|(i, t)| self.address(&format!("{field}[{i}]"), t)).collect()
    }

    pub fn size(&mut self, field: &str, text: Option<&ByteQuantity>) -> Option<ByteSize> {
        let text = text?;
        self.read(field, text, text.parse(), "5Gi")
    }

    pub fn duration(&mut self, field: &str, text: &DurationText) -> Duration {
        self.read(field, text, parse_duration(text).ok_or("write hours, minutes and seconds, the total below 100 years"), "720h")
            .unwrap_or_default()
    }

    pub fn moment(&mut self, field: &str, text: Option<&Moment>) -> Option<Timestamp> {
        let text = text?;
        let read = text.parse::<jiff::Timestamp>().map(|t| Timestamp(t.as_microsecond()));
        self.read(field, text, read.map_err(|_| "there is no such moment"), "2026-11-01T00:00:00Z")
    }

    pub fn deletion(&mut self, wish: Wish, grace: &DurationText) -> DeletionPolicy {
        let grace = self.duration("spec.deletionGracePeriod", grace);
        match wish {
            Wish::Retain => DeletionPolicy::Retain(grace),
            Wish::Delete => DeletionPolicy::Delete,
        }
    }

    fn read<T>(&mut self, field: &str, text: &str, result: Result<T, impl ToString>, model: &str) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(cause) => {
                self.0.invalid(field, format!("\"{text}\" does not do: {}", cause.to_string()), format!("write it like {model}"));
                None
            }
        }
    }
}

/// `1h30m`, as Go writes durations, in whole seconds; at most a hundred years.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (mut rest, mut total) = (text, 0u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = number.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(total)?;
        rest = tail.get(1..)?;
    }
    (!text.is_empty() && total <= 100 * 365 * 86_400).then(|| Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_writes_them() {
        assert_eq!(parse_duration("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(parse_duration("0s"), Some(Duration::ZERO));
        for bad in ["", "5", "h", "1d", "1.5h", "99999999999999999999h", "1000000h"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
