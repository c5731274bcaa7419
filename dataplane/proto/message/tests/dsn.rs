//! Notices as people and programs see them, and as they are read back.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod show;

use postern_core::{Address, DomainName, EnhancedCode, Outcome, Timestamp, TraceId, envelope::Return};
use postern_message::{
    Summary,
    dsn::{Action, Notice, RecipientReport, Remote, Report, compose, read},
    header,
};

const PLAIN: &[u8] = include_bytes!("mail/plain.eml");
const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn recipient<'a>(address: &'a Address, action: Action, outcome: Option<&'a Outcome>) -> RecipientReport<'a> {
    RecipientReport { address, original: None, action, outcome, remote: None, attempts: 1, last_attempt: Some(NOW), retry_until: None }
}

fn notice(to: &Address, recipients: &[RecipientReport<'_>], original: &[u8], ret: Return) -> Notice {
    let host = DomainName::parse("mx.example.org").unwrap();
    let notice = compose(&Report {
        host: &host,
        to,
        id: TraceId(7),
        now: NOW,
        boundary: "boundary7",
        arrived: Timestamp::from_secs(1_795_000_000),
        envid: Some("QQ+2B314159"),
        ret,
        smtputf8: false,
        original,
        recipients,
    });
    show::check(&Summary::of(&notice.message).view(), &notice.message);
    notice
}

fn lines(notice: &Notice) -> String {
    let text = String::from_utf8_lossy(&notice.message).into_owned();
    assert!(text.lines().all(|l| l.len() <= 998) && !text.replace("\r\n", "").contains(['\r', '\n']));
    text.replace("\r\n", "\n")
}

/// RFC 3464 §2, RFC 3461 §6.
#[test]
fn a_failure_and_a_delay_with_the_whole_message() {
    let (to, bob, carl) = (address("ann@example.org"), address("bob@example.net"), address("carl@example.com"));
    let refused = Outcome::permanent(550, EnhancedCode::NO_SUCH_MAILBOX, "No such mailbox");
    let silent = Outcome::temporary(450, EnhancedCode::NO_ANSWER, "No server for example.com answers");
    let failed = RecipientReport {
        original: Some("rfc822;Bob+2Bwork@example.net"),
        remote: Some(Remote {
            name: "mx1.example.net",
            reply: "550-5.1.1 The account bob does not exist.\r\n550 5.1.1 See https://example.net/help",
        }),
        attempts: 3,
        ..recipient(&bob, Action::Failed, Some(&refused))
    };
    let delayed =
        RecipientReport { retry_until: Some(Timestamp::from_secs(1_795_700_000)), ..recipient(&carl, Action::Delayed, Some(&silent)) };
    let notice = notice(&to, &[failed, delayed], PLAIN, Return::Full);
    assert!(!notice.smtputf8 && !notice.eight_bit);
    insta::assert_snapshot!("failed_and_delayed", lines(&notice));

    let summary = Summary::of(&notice.message);
    let bounce = read(&summary.view(), &notice.message).unwrap();
    assert_eq!(bounce.envid.as_deref(), Some("QQ+314159"));
    let told: Vec<_> = bounce.recipients.iter().map(|r| (r.address.as_str(), r.action, r.status.as_deref())).collect();
    assert_eq!(told, [("bob@example.net", Action::Failed, Some("5.1.1")), ("carl@example.com", Action::Delayed, Some("4.4.1"))]);
    assert!(bounce.recipients[0].diagnostic.as_deref().unwrap().starts_with("550-5.1.1 The account bob"));
}

/// RFC 6533: an address beyond ASCII makes the notice an internationalised one.
#[test]
fn an_address_in_another_script() {
    let (to, rcpt) = (address("ann@example.org"), address("jörg@example.net"));
    let full = Outcome::permanent(552, EnhancedCode::MAILBOX_FULL, "The mailbox is full");
    let notice = notice(&to, &[recipient(&rcpt, Action::Failed, Some(&full))], PLAIN, Return::Headers);
    assert!(notice.smtputf8 && notice.eight_bit);
    insta::assert_snapshot!("utf8", lines(&notice));
    let summary = Summary::of(&notice.message);
    assert_eq!(read(&summary.view(), &notice.message).unwrap().recipients[0].address, "jörg@example.net");
}

#[test]
fn a_success_returns_the_header_alone() {
    let (to, rcpt) = (address("ann@example.org"), address("bob@example.net"));
    let notice = notice(&to, &[recipient(&rcpt, Action::Delivered, None)], PLAIN, Return::Full);
    let text = lines(&notice);
    assert!(
        text.contains("Action: delivered\nStatus: 2.0.0\n")
            && text.contains("text/rfc822-headers")
            && !text.contains("The working group met")
    );
}

/// The boundary may not occur in what is returned, and nothing foreign may begin a line of its own.
#[test]
fn hostile_texts_stay_within_their_part() {
    let (to, rcpt) = (address("ann@example.org"), address("bob@example.net"));
    let outcome = Outcome::permanent(550, EnhancedCode::POLICY, "No\r\n--boundary7--\r\nBcc: x");
    let report =
        RecipientReport { remote: Some(Remote { name: "mx\r\nX: y", reply: "" }), ..recipient(&rcpt, Action::Failed, Some(&outcome)) };
    let original = b"Subject: =?utf-8?q?a=0D=0A--boundary7=0D=0A=C3=A9?=\r\n\r\n--boundary7--\r\n";
    let notice = notice(&to, &[report], original, Return::Full);
    let summary = Summary::of(&notice.message);
    assert_eq!(summary.view().root().unwrap().children, 3, "{}", show::show(&summary.view()));
    assert_eq!(header::find(&notice.message, "Auto-Submitted").unwrap().decoded(), "auto-replied");
    assert_eq!(read(&summary.view(), &notice.message).unwrap().recipients.len(), 1);
    assert!(!notice.eight_bit, "without SMTPUTF8 the words are quoted-printable");
}

#[test]
fn what_is_no_notice_is_not_read_as_one() {
    assert_eq!(read(&Summary::of(PLAIN).view(), PLAIN), None);
}

/// A notice with a lone CR or LF could not be sent on: of such an original, which BINARYMIME allows, the header is returned.
#[test]
fn an_original_that_is_no_text_is_not_returned_whole() {
    let (to, bob) = (address("ann@example.org"), address("bob@example.net"));
    let refused = Outcome::permanent(550, EnhancedCode::NO_SUCH_MAILBOX, "No such mailbox");
    for body in ["one\ntwo\r\n", "one\rtwo\r\n", "one\r", "one\0"] {
        let original = format!("Subject: binary\r\n\r\n{body}");
        let notice = notice(&to, &[recipient(&bob, Action::Failed, Some(&refused))], original.as_bytes(), Return::Full);
        let text = lines(&notice);
        assert!(text.contains("text/rfc822-headers") && text.contains("Subject: binary") && !text.contains("one"), "{text}");
    }
}
