//! HELO and EHLO (RFC 5321 §4.1.1.1): what is offered.

use super::Server;
use crate::reply::digits;

impl Server {
    /// Says 250 and what is offered.
    pub(super) fn hello_accepted(&mut self, extended: bool) {
        // RFC 5321 §4.1.4: EHLO in the middle of a session is a RSET as well.
        self.transaction = None;
        self.hello = Some(extended);
        let from = self.output.len();
        let mut lines = Lines { out: &mut self.output, last: None };
        lines.add(&[self.config.hostname.as_bytes()]);
        if extended {
            let config = &self.config;
            let mut size = Vec::with_capacity(20);
            digits(config.max_size, &mut size);
            let mut recipients = Vec::with_capacity(10);
            digits(u64::from(config.max_recipients), &mut recipients);
            lines.add(&[b"PIPELINING"]);
            lines.add(&[b"SIZE ", &size]);
            lines.add(&[b"8BITMIME"]);
            lines.add(&[b"ENHANCEDSTATUSCODES"]);
            lines.add(&[b"LIMITS RCPTMAX=", &recipients]);
            for (offered, words) in [
                (config.smtputf8, &["SMTPUTF8"][..]),
                (config.chunking, &["CHUNKING", "BINARYMIME"]),
                (config.dsn, &["DSN"]),
                (config.require_tls, &["REQUIRETLS"]),
                (config.starttls, &["STARTTLS"]),
            ] {
                for word in words.iter().filter(|_| offered) {
                    lines.add(&[word.as_bytes()]);
                }
            }
            // RFC 4954 §4: no second AUTH.
            if !config.auth.is_empty() && !self.authenticated {
                lines.add(&[b"AUTH ", config.auth.join(" ").as_bytes()]);
            }
        }
        lines.end();
        self.record_from(from);
    }
}

/// Writes the lines of a 250: the last one has a space where the others have a hyphen.
struct Lines<'a> {
    out: &'a mut Vec<u8>,
    /// Where the hyphen of the last line stands.
    last: Option<usize>,
}

impl Lines<'_> {
    fn add(&mut self, parts: &[&[u8]]) {
        self.last = Some(self.out.len() + 3);
        self.out.extend_from_slice(b"250-");
        for part in parts {
            self.out.extend_from_slice(part);
        }
        self.out.extend_from_slice(b"\r\n");
    }

    fn end(self) {
        if let Some(hyphen) = self.last.and_then(|at| self.out.get_mut(at)) {
            *hyphen = b' ';
        }
    }
}
