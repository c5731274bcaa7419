//! How much a pass looks at.

use std::{collections::BTreeSet, sync::Arc};

use crate::watch::{Id, Kind};

/// What a pass looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Whole,
    /// Boxes and aliases of these tenants.
    Boxes(BTreeSet<Arc<str>>),
}

impl Scope {
    /// Nothing at all.
    pub const fn nothing() -> Self {
        Self::Boxes(BTreeSet::new())
    }

    /// Whether there is nothing to look at.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Boxes(tenants) if tenants.is_empty())
    }

    /// Looks at these objects, and at whatever they contest, as well.
    pub fn add(&mut self, touched: impl IntoIterator<Item = Id>) {
        for id in touched {
            match (&mut *self, id.kind) {
                (Self::Whole, _) => return,
                (Self::Boxes(tenants), Kind::Mailbox | Kind::Alias) => drop(tenants.insert(id.namespace)),
                (Self::Boxes(_), _) => *self = Self::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_makes_it_the_whole() {
        let mut scope = Scope::nothing();
        scope.add([Id::new(Kind::Mailbox, "acme", "alice")]);
        assert_eq!(scope, Scope::Boxes([Arc::from("acme")].into()));
        scope.add([Id::new(Kind::Domain, "acme", "example-org")]);
        assert_eq!(scope, Scope::Whole);
    }
}
