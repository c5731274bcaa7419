//! The types a setting may have: text in, text out.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use postern_core::{ByteSize, DomainName, Network, Secret, role::Role};

/// A type that settings may have.
pub trait Value: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What to write instead.
    fn parse(text: &str) -> Result<Self, String>;

    /// How it stands in a TOML file; secrets are hidden.
    fn literal(&self) -> String;
}

/// A TOML string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out + "\""
}

impl Value for bool {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is neither true nor false"))
    }
    fn literal(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl Value for $number {
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("`{text}` is no whole number from 0 to {}", Self::MAX))
            }
            fn literal(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
whole_numbers!(u8, u16, u32, usize);

macro_rules! by_their_own_text {
    ($($named:ty),+) => {$(
        impl Value for $named {
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error| format!("{error}"))
            }
            fn literal(&self) -> String {
                quoted(&self.to_string())
            }
        }
    )+};
}
by_their_own_text!(String, ByteSize, Network, Role);

impl Value for DomainName {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
    fn literal(&self) -> String {
        quoted(self.as_str())
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("a path may not be empty".to_owned()) } else { Ok(text.into()) }
    }
    fn literal(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Value for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is no address with a port, as 127.0.0.1:2525 or [::]:25"))
    }
    fn literal(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Value for Secret<String> {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::new(text.to_owned()))
    }
    fn literal(&self) -> String {
        quoted("[secret]")
    }
}

/// Longest first; `ms` before `s` and `m`, for a suffix is looked for.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("ms", 1), ("m", 60_000), ("s", 1_000)];

/// A number and a unit: `250ms`, `15s`, `5m`, `4h`, `3d`; or `0`.
impl Value for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no duration; write a whole number with ms, s, m, h or d, as 15s or 4h");
        if text == "0" {
            return Ok(Self::ZERO);
        }
        let unit = UNITS.iter().find_map(|(unit, length)| Some((text.strip_suffix(unit)?, length)));
        let (number, length) = unit.ok_or_else(wrong)?;
        let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let number = if plain { number.parse::<u64>().ok() } else { None };
        number.and_then(|number| number.checked_mul(*length)).map(Self::from_millis).ok_or_else(wrong)
    }
    fn literal(&self) -> String {
        let millis = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let longest = UNITS.iter().filter(|(_, length)| millis.is_multiple_of(*length)).max_by_key(|(_, length)| *length);
        match longest {
            Some((unit, length)) if millis > 0 => quoted(&format!("{}{unit}", millis / length)),
            _ => quoted("0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_both_ways() {
        for (text, millis) in [("250ms", 250), ("15s", 15_000), ("5m", 300_000), ("4h", 14_400_000), ("3d", 259_200_000), ("0", 0)] {
            let duration = <Duration as Value>::parse(text).unwrap();
            assert_eq!(duration, Duration::from_millis(millis));
            assert_eq!(duration.literal(), quoted(text));
        }
        for bad in ["", "s", "15", "1.5h", "-1s", "+1s", "15 s", "99999999999999999999d", "1w"] {
            assert!(<Duration as Value>::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn literals_are_toml() {
        let text = "a \"quoted\" \\ path\n\u{1}";
        let toml = format!("x = {}", quoted(text));
        let table: toml::Table = toml.parse().unwrap();
        assert_eq!(table.get("x").and_then(toml::Value::as_str), Some(text));
        assert_eq!(Secret::new("hunter2".to_owned()).literal(), "\"[secret]\"");
    }
}
