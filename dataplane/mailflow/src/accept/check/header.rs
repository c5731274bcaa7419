//! Headers about which two readers could disagree.

use async_trait::async_trait;
use postern_core::{EnhancedCode, Outcome};

use super::{Check, Client, Content, Refused, Verdict};

/// One author, read to the end, and no octets that a header may not have.
#[derive(Debug)]
pub(super) struct Header;

/// X.6.0: other or undefined media error.
const MEDIA: EnhancedCode = EnhancedCode(6, 0);
/// X.6.7: non-ASCII where it is not allowed (RFC 6531 §5).
const NOT_ASCII: EnhancedCode = EnhancedCode(6, 7);

#[async_trait]
impl Check for Header {
    fn name(&self) -> &'static str {
        "header"
    }

    async fn content(&self, _: &Client, content: Content<'_>) -> Verdict {
        if !content.header.whole {
            return Verdict::Refuse(Refused::header_too_long());
        }
        // RFC 5322 §3.6: with two of them, who wrote it depends on the reader.
        if content.header.from > 1 {
            let text = "The message has more than one From field";
            return Verdict::Refuse(Refused::new("several_from", Outcome::permanent(550, MEDIA, text)));
        }
        // RFC 6531 §3.4: only with SMTPUTF8.
        if content.header.eight_bit && !content.smtputf8 {
            let text = "The header has octets beyond ASCII; encode them (RFC 2047) or send with SMTPUTF8";
            return Verdict::Refuse(Refused::new("eight_bit_header", Outcome::permanent(550, NOT_ASCII, text)));
        }
        Verdict::Silent
    }
}
