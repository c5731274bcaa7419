//! Reading a published DMARC record as strictly as receivers do (RFC 7489 §6.3, §6.6.3).

use postern_crds::domain::DmarcPolicy;

/// The DMARC records among a name's TXT records, and those that were meant to be some.
pub fn records(texts: &[String]) -> (Vec<&str>, Vec<&str>) {
    let meant = |text: &&str| {
        let begin = text.trim_start().to_ascii_lowercase();
        begin.starts_with("v=dmarc") || begin.starts_with("p=") || begin.starts_with("v = dmarc")
    };
    texts.iter().map(String::as_str).filter(meant).partition(|text| is_record(text))
}

/// RFC 7489 §6.4: the version comes first, in these letters.
fn is_record(text: &str) -> bool {
    text.split(';').next().is_some_and(|first| tag(first) == Some(("v", "DMARC1")))
}

/// The policy of a record; else what is wrong with it.
pub fn policy(record: &str) -> Result<DmarcPolicy, String> {
    let mut policy = None;
    for part in record.split(';').skip(1).filter(|part| !part.trim().is_empty()) {
        let Some((name, value)) = tag(part) else { return Err(format!("\"{}\" is no tag; write name=value", part.trim())) };
        match name {
            "p" => policy = Some(word(name, value)?),
            "sp" => drop(word(name, value)?),
            "adkim" | "aspf" if !matches!(value, "r" | "s") => return Err(format!("{name}={value} is neither r nor s")),
            "pct" if value.parse::<u8>().map_or(true, |percent| percent > 100) => return Err(format!("pct={value} is no percentage")),
            "rua" | "ruf" => {
                if let Some(uri) = value.split(',').map(str::trim).find(|uri| !uri.starts_with("mailto:") || !uri.contains('@')) {
                    return Err(format!("{name} holds {uri}, which is no mailto: address"));
                }
            }
            _ => {}
        }
    }
    policy.ok_or_else(|| "it has no policy; add p=none, p=quarantine or p=reject".to_owned())
}

fn word(name: &str, value: &str) -> Result<DmarcPolicy, String> {
    match value.to_ascii_lowercase().as_str() {
        "none" => Ok(DmarcPolicy::None),
        "quarantine" => Ok(DmarcPolicy::Quarantine),
        "reject" => Ok(DmarcPolicy::Reject),
        _ => Err(format!("{name}={value} is no policy; write none, quarantine or reject")),
    }
}

/// How strict a policy is.
pub const fn rank(policy: DmarcPolicy) -> u8 {
    match policy {
        DmarcPolicy::None => 0,
        DmarcPolicy::Quarantine => 1,
        DmarcPolicy::Reject => 2,
    }
}

fn tag(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_once('=')?;
    Some((name.trim(), value.trim())).filter(|(name, value)| !name.is_empty() && !value.is_empty())
}
