//! `saslname` (RFC 5801 §4, RFC 5802 §5.1): a name between commas.

use crate::Failure;

/// `=2C` is a comma, `=3D` an equals sign, any other `=` an error; empty is no name.
pub(crate) fn unescape(escaped: &str) -> Result<String, Failure> {
    if escaped.is_empty() {
        return Err(Failure::Malformed);
    }
    let mut parts = escaped.split('=');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (c, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(Failure::Malformed),
        };
        name.push(c);
        name.push_str(rest);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unescaped() {
        assert_eq!(unescape("a=2Cb=3Dc").as_deref(), Ok("a,b=c"));
        for bad in ["a=2c", "a=", "=", ""] {
            assert_eq!(unescape(bad), Err(Failure::Malformed), "{bad}");
        }
    }
}
