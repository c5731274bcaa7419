//! Which mailboxes a LIST or LSUB names, and with which attributes: pure, over all names of an account.
//!
//! RFC 9051 §6.3.9 (LIST-EXTENDED, RFC 5258; CHILDREN, RFC 3348; SPECIAL-USE, RFC 6154) and RFC 3501 §6.3.9 (LSUB).

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use crate::types::{DELIMITER, ListArgs, MailboxAttributes, MailboxName, Pattern, SpecialUse};

/// What the store knows of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The name.
    pub name: MailboxName,
    /// There is such a mailbox; false for a subscription whose mailbox is gone.
    pub exists: bool,
    /// It is subscribed.
    pub subscribed: bool,
    /// What it is for.
    pub special_use: Vec<SpecialUse>,
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: MailboxName,
    /// Its attributes, children always told.
    pub attributes: MailboxAttributes,
    /// What it is for.
    pub special_use: Vec<SpecialUse>,
    /// The options of the selection that descendants meet (`CHILDINFO`).
    pub child_info: Vec<&'static str>,
    /// It can be asked for its STATUS (RFC 5819 §2).
    pub exists: bool,
}

/// The answer to LIST, in order of name. Patterns that only ask for the delimiter are the caller's.
#[must_use]
pub fn list(args: &ListArgs, known: Vec<Known>) -> Vec<Listed> {
    let tree = Tree::new(known);
    let selected = |node: &Known| {
        let basic = if args.select.subscribed { node.subscribed } else { node.exists };
        basic && (!args.select.special_use || !node.special_use.is_empty())
    };
    // RFC 5258 §3.5: the options that say which mailboxes, by name.
    let named = [("SUBSCRIBED", args.select.subscribed), ("SPECIAL-USE", args.select.special_use)];
    let options: Vec<&str> = named.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect();
    let selecting = args.select.subscribed || args.select.special_use;
    let matches = |name: &MailboxName| args.patterns.iter().any(|pattern| !pattern.is_empty() && pattern.matches(name));
    let mut listed = Vec::new();
    for node in tree.0.values().filter(|node| matches(&node.name)) {
        let below = args.select.recursive_match && tree.below(&node.name).any(selected);
        // RFC 9051 §6.3.9.7: a parent is listed for its descendants only when one of them is not listed itself.
        let for_others = below && tree.below(&node.name).any(|child| selected(child) && !matches(&child.name));
        // A level that is only part of names is listed where no selection asks for more (RFC 9051 §6.3.9).
        let level = !selecting && !node.exists && tree.below(&node.name).any(|child| child.exists);
        if selected(node) || for_others || level {
            listed.push(Listed {
                attributes: attributes(&tree, node, args.select.subscribed || args.result.subscribed),
                special_use: node.special_use.clone(),
                child_info: if below { options.clone() } else { Vec::new() },
                exists: node.exists,
                name: node.name.clone(),
            });
        }
    }
    listed
}

/// The answer to LSUB: names, and whether each is only a level above subscribed ones, which is `\Noselect`.
#[must_use]
pub fn lsub(pattern: &Pattern, known: Vec<Known>) -> Vec<(MailboxName, bool)> {
    let tree = Tree::new(known);
    // RFC 3501 §6.3.9: only % shows levels, for * shows what is below them.
    let levels = pattern.as_str().ends_with('%');
    let of_level = |node: &Known| levels && !node.subscribed && tree.below(&node.name).any(|child| child.subscribed);
    let named = tree.0.values().filter(|node| pattern.matches(&node.name) && (node.subscribed || of_level(node)));
    named.map(|node| (node.name.clone(), !node.subscribed)).collect()
}

/// Every name and every level above one, in order.
struct Tree(BTreeMap<String, Known>);

impl Tree {
    fn new(known: Vec<Known>) -> Self {
        let mut tree = BTreeMap::new();
        for node in &known {
            let mut above = node.name.parent();
            while let Some(name) = above {
                above = name.parent();
                let level = Known { name: name.clone(), exists: false, subscribed: false, special_use: Vec::new() };
                tree.entry(name.as_str().to_owned()).or_insert(level);
            }
        }
        tree.extend(known.into_iter().map(|node| (node.name.as_str().to_owned(), node)));
        Self(tree)
    }

    /// Everything inside, at any depth.
    fn below(&self, name: &MailboxName) -> impl Iterator<Item = &Known> {
        let prefix = format!("{name}{DELIMITER}");
        let from = self.0.range::<str, _>((Excluded(prefix.as_str()), Unbounded));
        from.take_while(move |(name, _)| name.starts_with(&prefix)).map(|(_, node)| node)
    }
}

fn attributes(tree: &Tree, node: &Known, with_subscribed: bool) -> MailboxAttributes {
    let has_children = tree.below(&node.name).any(|child| child.exists);
    let mut attributes = if has_children { MailboxAttributes::HAS_CHILDREN } else { MailboxAttributes::HAS_NO_CHILDREN };
    if !node.exists {
        // \NonExistent implies \Noselect, but clients of rev1 know only the latter.
        attributes = attributes | MailboxAttributes::NON_EXISTENT | MailboxAttributes::NO_SELECT;
    }
    if with_subscribed && node.subscribed {
        attributes = attributes | MailboxAttributes::SUBSCRIBED;
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encode, parse,
        types::{Command, Dialect},
    };

    /// The mailboxes of RFC 5258 §5, and one whose level is not there.
    fn known() -> Vec<Known> {
        [
            ("INBOX", true, true),
            ("Fruit", true, true),
            ("Fruit/Apple", true, true),
            ("Fruit/Banana", true, true),
            ("Fruit/Peach", false, true),
        ]
        .into_iter()
        .chain([("Tofu", true, false), ("Vegetable", true, true), ("Vegetable/Broccoli", true, true), ("Vegetable/Corn", true, false)])
        .chain([("Meat/Beef", true, false), ("Fruit Salad", true, false)])
        .map(|(name, exists, subscribed)| {
            let special_use = if name == "Tofu" { vec![SpecialUse::Trash] } else { Vec::new() };
            Known { name: MailboxName::new(name).unwrap(), exists, subscribed, special_use }
        })
        .collect()
    }

    fn answer(command: &str) -> String {
        let mut out = Vec::new();
        match parse::command(format!("a {command}").as_bytes(), Dialect::REV1).unwrap().1 {
            Command::List(args) => {
                for Listed { name, attributes, special_use, child_info, .. } in &list(&args, known()) {
                    let item = encode::ListItem { name, attributes: *attributes, special_use, child_info, old_name: None };
                    encode::list(&mut out, Some(&item), Dialect::REV1);
                }
            }
            Command::Lsub(pattern) => {
                lsub(&pattern, known()).iter().for_each(|(name, level)| encode::lsub(&mut out, name, *level, Dialect::REV1));
            }
            other => panic!("{other:?}"),
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_level_that_is_no_mailbox_is_listed_and_cannot_be_selected() {
        let top = answer("LIST \"\" %");
        assert!(top.contains("* LIST (\\Noselect \\NonExistent \\HasChildren) \"/\" \"Meat\"\r\n"), "{top}");
        assert!(top.contains("* LIST (\\HasChildren) \"/\" \"Fruit\"\r\n"), "{top}");
        assert!(top.contains("* LIST (\\HasNoChildren) \"/\" \"Fruit Salad\"\r\n"), "{top}");
        assert!(!top.contains("Peach"), "{top}");
    }

    #[test]
    fn subscriptions_outlive_mailboxes() {
        assert_eq!(
            answer("LIST (SUBSCRIBED) \"\" Fruit/*"),
            concat!(
                "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Fruit/Apple\"\r\n",
                "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Fruit/Banana\"\r\n",
                "* LIST (\\Noselect \\NonExistent \\HasNoChildren \\Subscribed) \"/\" \"Fruit/Peach\"\r\n",
            )
        );
    }

    #[test]
    fn recursive_match_tells_of_what_is_below() {
        let top = answer("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %");
        assert!(top.contains("\"Fruit\" (CHILDINFO (\"SUBSCRIBED\"))\r\n"), "{top}");
        assert!(!top.contains("Tofu") && !top.contains("Meat"), "{top}");
        let with_use = answer("LIST (SPECIAL-USE RECURSIVEMATCH) \"\" %");
        assert_eq!(with_use, "* LIST (\\HasNoChildren \\Trash) \"/\" \"Tofu\"\r\n");
    }

    #[test]
    fn special_uses_are_chosen_and_told() {
        assert_eq!(answer("LIST (SPECIAL-USE) \"\" *"), "* LIST (\\HasNoChildren \\Trash) \"/\" \"Tofu\"\r\n");
    }

    #[test]
    fn lsub_shows_levels_for_percent_only() {
        assert!(answer("LSUB \"\" *").contains("* LSUB () \"/\" \"Vegetable/Broccoli\"\r\n"));
        assert_eq!(answer("LSUB Vegetable/ %"), "* LSUB () \"/\" \"Vegetable/Broccoli\"\r\n");
        let mut known = known();
        known.retain(|node| node.name.as_str() != "Vegetable");
        let levels = lsub(&Pattern::new("", "%"), known);
        assert!(levels.contains(&(MailboxName::new("Vegetable").unwrap(), true)));
    }
}
