//! How something failed, said once: whether it may be tried again, the enhanced status code
//! (RFC 3463), the text that the other side may read and the cause that it may not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Permanence {
    /// 4xx: try again later.
    Temporary,
    /// 5xx: do not.
    Permanent,
}

/// `subject.detail` of an enhanced status code (RFC 3463 §2); the class comes from the [`Permanence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EnhancedCode(pub u16, pub u16);

impl EnhancedCode {
    /// X.1.1: bad destination mailbox address.
    pub const NO_SUCH_MAILBOX: Self = Self(1, 1);
    /// X.1.2: bad destination system address.
    pub const NO_SUCH_SYSTEM: Self = Self(1, 2);
    /// X.1.10: the domain has a null MX (RFC 7505).
    pub const NULL_MX: Self = Self(1, 10);
    /// X.2.1: mailbox disabled.
    pub const MAILBOX_DISABLED: Self = Self(2, 1);
    /// X.2.2: mailbox full.
    pub const MAILBOX_FULL: Self = Self(2, 2);
    /// X.3.0: other or undefined mail system status.
    pub const SYSTEM: Self = Self(3, 0);
    /// X.3.4: message too big for system.
    pub const TOO_BIG: Self = Self(3, 4);
    /// X.4.1: no answer from host.
    pub const NO_ANSWER: Self = Self(4, 1);
    /// X.4.2: bad connection.
    pub const BAD_CONNECTION: Self = Self(4, 2);
    /// X.4.3: directory server failure.
    pub const DIRECTORY: Self = Self(4, 3);
    /// X.4.4: unable to route.
    pub const NO_ROUTE: Self = Self(4, 4);
    /// X.4.6: routing loop detected.
    pub const LOOP: Self = Self(4, 6);
    /// X.4.7: delivery time expired.
    pub const EXPIRED: Self = Self(4, 7);
    /// X.5.0: other or undefined protocol status.
    pub const PROTOCOL: Self = Self(5, 0);
    /// X.7.0: other or undefined security status.
    pub const SECURITY: Self = Self(7, 0);
    /// X.7.1: delivery not authorised.
    pub const POLICY: Self = Self(7, 1);
}

/// A failure: what to do, what to say, what to keep to ourselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether trying again can help.
    pub permanence: Permanence,
    /// The three-digit reply (RFC 5321 §4.2).
    pub code: u16,
    /// The enhanced code without its class.
    pub enhanced: EnhancedCode,
    /// What the other side reads: one line, no secrets.
    pub text: String,
    /// What only logs and the trail read.
    pub cause: Option<String>,
}

impl Outcome {
    /// A 4xx outcome. `code` is brought into 400–499.
    #[must_use]
    pub fn temporary(code: u16, enhanced: EnhancedCode, text: impl Into<String>) -> Self {
        Self { permanence: Permanence::Temporary, code: 400 + code % 100, enhanced, text: text.into(), cause: None }
    }

    /// A 5xx outcome. `code` is brought into 500–599.
    #[must_use]
    pub fn permanent(code: u16, enhanced: EnhancedCode, text: impl Into<String>) -> Self {
        Self { permanence: Permanence::Permanent, code: 500 + code % 100, enhanced, text: text.into(), cause: None }
    }

    /// With the private cause.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.permanence == Permanence::Temporary
    }

    /// `4.2.2` or `5.2.2`.
    #[must_use]
    pub fn status(&self) -> String {
        let class = if self.is_temporary() { 4 } else { 5 };
        format!("{class}.{}.{}", self.enhanced.0, self.enhanced.1)
    }
}

/// As a reply line: `550 5.1.1 No such mailbox`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.status(), self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_follows_permanence() {
        assert_eq!(Outcome::permanent(550, EnhancedCode::NO_SUCH_MAILBOX, "No such mailbox").to_string(), "550 5.1.1 No such mailbox");
        assert_eq!(Outcome::temporary(552, EnhancedCode::MAILBOX_FULL, "Full").to_string(), "452 4.2.2 Full");
    }
}
