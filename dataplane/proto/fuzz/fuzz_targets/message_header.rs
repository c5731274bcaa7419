//! Headers of any octets: fields, addresses, dates, encoded-words, and the fix-ups of submission.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::{DomainName, Timestamp, TraceId};
use postern_message::{address_list, date, encoded_word, header, mime, submit};

fuzz_target!(|data: &[u8]| {
    assert!(header::header_end(data) <= data.len());
    for field in header::fields(data) {
        let text = field.text();
        let _ =
            (field.decoded(), encoded_word::text(&text), date::parse(&text), mime::parse_content_type(&text), mime::parse_valued(&text));
        for mailbox in address_list::mailboxes(&text) {
            let _ = mailbox.address();
        }
    }
    let _ = submit::author(data);
    let Ok(host) = DomainName::parse("mail.example.org") else { return };
    let sent = submit::complete(data, Timestamp::from_secs(0), TraceId(1), &host);
    assert!(header::fields(&sent).all(|f| !f.is("Bcc")));
    assert!(header::find(&sent, "Date").is_some() || data.len() > header::MAX_HEADER);
});
