//! Mail that goes round in circles between servers.

use async_trait::async_trait;
use postern_core::{EnhancedCode, Outcome};

use super::{Check, Client, Content, Refused, Verdict};

/// Counts `Received` (RFC 5321 §6.3).
#[derive(Debug)]
pub(super) struct Hops {
    /// More are a loop.
    most: usize,
}

impl Default for Hops {
    /// 50: no honest way is as long.
    fn default() -> Self {
        Self { most: 50 }
    }
}

#[async_trait]
impl Check for Hops {
    fn name(&self) -> &'static str {
        "hops"
    }

    async fn content(&self, _: &Client, content: Content<'_>) -> Verdict {
        if content.header.received <= self.most {
            return Verdict::Silent;
        }
        let text = "Mail loop: the message has passed too many servers";
        Verdict::Refuse(Refused::new("too_many_hops", Outcome::permanent(554, EnhancedCode::LOOP, text)))
    }
}
