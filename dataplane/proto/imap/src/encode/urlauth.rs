//! GENURLAUTH and URLFETCH (RFC 4467 §8, RFC 5524 §3.2).

use postern_message::SummaryRef;

use super::{
    structure::part_structure,
    text::{literal8, nstring, string},
};
use crate::types::{Dialect, Part};

/// `"*" SP "GENURLAUTH" 1*(SP url-full) CRLF`
pub fn gen_url_auth(out: &mut Vec<u8>, urls: &[String]) {
    out.extend_from_slice(b"* GENURLAUTH");
    for url in urls {
        out.push(b' ');
        string(out, url.as_bytes(), Dialect::REV1);
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes `"*" SP "URLFETCH" SP url-full (SP nstring / 1*(SP "(" url-metadata-el ")")) CRLF` (RFC 4467 §8, RFC 5524 §5);
/// [`UrlFetchWriter::finish`] ends it.
#[derive(Debug)]
#[must_use = "a URLFETCH response without its end breaks the stream: call finish"]
pub struct UrlFetchWriter<'o> {
    out: &'o mut Vec<u8>,
    dialect: Dialect,
    /// Where what is told of the URL begins.
    told: usize,
}

impl<'o> UrlFetchWriter<'o> {
    /// Begins the response for one URL, which is written as the client wrote it.
    pub fn new(out: &'o mut Vec<u8>, url: &str, dialect: Dialect) -> Self {
        out.extend_from_slice(b"* URLFETCH ");
        string(out, url.as_bytes(), Dialect::REV1);
        Self { told: out.len(), out, dialect }
    }

    /// The octets alone; `None` is NIL: that URL shows nothing to this session.
    pub fn octets(&mut self, octets: Option<&[u8]>) {
        self.out.push(b' ');
        nstring(self.out, octets, self.dialect);
    }

    /// `(BODY nstring)`
    pub fn body(&mut self, octets: Option<&[u8]>) {
        self.out.extend_from_slice(b" (BODY ");
        nstring(self.out, octets, self.dialect);
        self.out.push(b')');
    }

    /// `(BINARY (nstring / literal8))`: `None` when the URL is of no part, or the encoding cannot be undone.
    pub fn binary(&mut self, octets: Option<&[u8]>) {
        self.out.extend_from_slice(b" (BINARY ");
        match octets {
            Some(octets) => literal8(self.out, octets),
            None => self.out.extend_from_slice(b"NIL"),
        }
        self.out.push(b')');
    }

    /// `(BODYPARTSTRUCTURE body)`; nothing when there is no such part.
    pub fn structure(&mut self, summary: &SummaryRef<'_>, part: &Part) {
        let before = self.out.len();
        self.out.extend_from_slice(b" (BODYPARTSTRUCTURE ");
        if part_structure(self.out, *summary, &part.0, self.dialect) {
            self.out.push(b')');
        } else {
            self.out.truncate(before);
        }
    }

    /// CRLF; NIL before it when nothing was told.
    pub fn finish(mut self) {
        if self.out.len() == self.told {
            self.octets(None);
        }
        self.out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4467() {
        let url = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred:internal:91354a473744909de610943775f92038";
        let mut out = Vec::new();
        gen_url_auth(&mut out, &[url.to_owned()]);
        for octets in [Some(b"Si vis pacem, para bellum.\r\n".as_slice()), None] {
            let mut response = UrlFetchWriter::new(&mut out, url, Dialect::REV1);
            response.octets(octets);
            response.finish();
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            format!(
                "* GENURLAUTH \"{url}\"\r\n* URLFETCH \"{url}\" {{28}}\r\nSi vis pacem, para bellum.\r\n\r\n* URLFETCH \"{url}\" NIL\r\n"
            )
        );
    }
}
