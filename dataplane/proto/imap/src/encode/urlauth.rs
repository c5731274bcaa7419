//! GENURLAUTH and URLFETCH (RFC 4467 §8).

use super::text::{nstring, string};
use crate::types::Dialect;

/// `"*" SP "GENURLAUTH" 1*(SP url-full) CRLF`
pub fn gen_url_auth(out: &mut Vec<u8>, urls: &[String]) {
    out.extend_from_slice(b"* GENURLAUTH");
    for url in urls {
        out.push(b' ');
        string(out, url.as_bytes(), Dialect::REV1);
    }
    out.extend_from_slice(b"\r\n");
}

/// `"*" SP "URLFETCH" SP url-full SP nstring CRLF`; `None` is NIL: that URL shows nothing to this session.
pub fn url_fetch(out: &mut Vec<u8>, url: &str, octets: Option<&[u8]>, dialect: Dialect) {
    out.extend_from_slice(b"* URLFETCH ");
    string(out, url.as_bytes(), Dialect::REV1);
    out.push(b' ');
    nstring(out, octets, dialect);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4467() {
        let url = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred:internal:91354a473744909de610943775f92038";
        let mut out = Vec::new();
        gen_url_auth(&mut out, &[url.to_owned()]);
        url_fetch(&mut out, url, Some(b"Si vis pacem, para bellum.\r\n"), Dialect::REV1);
        url_fetch(&mut out, url, None, Dialect::REV1);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            format!(
                "* GENURLAUTH \"{url}\"\r\n* URLFETCH \"{url}\" {{28}}\r\nSi vis pacem, para bellum.\r\n\r\n* URLFETCH \"{url}\" NIL\r\n"
            )
        );
    }
}
