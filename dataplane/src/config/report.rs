//! What `postern config check` prints: the configuration as it holds, as a file that would say the
//! same, each line with its origin; secrets hidden.

use std::fmt::Write;

use super::{Config, Name, Setting};

/// The configuration as TOML with remarks.
#[must_use]
pub fn effective(config: &Config, settings: &[Setting]) -> String {
    let mut out = String::new();
    let mut section = "";
    for setting in settings {
        if setting.key.section != section {
            section = setting.key.section;
            let _ = writeln!(out, "\n[{section}]");
        }
        let line = match &setting.literal {
            Some(literal) => format!("{} = {literal}", setting.key.name),
            None => format!("# {} is not set", setting.key.name),
        };
        let remark = remark(config, setting);
        let _ = if remark.is_empty() { writeln!(out, "{line}") } else { writeln!(out, "{line:<44} # {remark}") };
    }
    out
}

fn remark(config: &Config, setting: &Setting) -> String {
    let mut remarks = Vec::new();
    if setting.literal.is_some() || setting.origin != super::Origin::Default {
        remarks.push(setting.origin.to_string());
    }
    if setting.key.section == "listen"
        && let Some(name) = Name::ALL.into_iter().find(|name| name.spec().name == setting.key.name)
    {
        let spec = name.spec();
        if !spec.served {
            remarks.push("not served by this version".to_owned());
        } else if let Some(role) = spec.role
            && !config.process.roles.contains(&role)
        {
            remarks.push(format!("not opened: needs the role {role}"));
        }
    }
    remarks.join("; ")
}
