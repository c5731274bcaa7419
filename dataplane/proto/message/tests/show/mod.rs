//! Prints a summary as people read it, and checks what must hold of every one.

use postern_message::summary::{Addresses, EnvelopeRef, Kind, PartRef, SummaryRef};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn nil(bytes: Option<&[u8]>) -> String {
    bytes.map_or("NIL".to_owned(), |b| format!("{:?}", text(b)))
}

fn addresses(list: Addresses<'_>) -> String {
    let all: Vec<String> = list.map(|a| format!("({} {} {} {})", nil(a.name), nil(a.adl), nil(a.mailbox), nil(a.host))).collect();
    if all.is_empty() { "NIL".to_owned() } else { all.concat() }
}

fn envelope(e: &EnvelopeRef<'_>, indent: &str) -> String {
    let lists = [("from", e.from), ("sender", e.sender), ("reply-to", e.reply_to), ("to", e.to), ("cc", e.cc), ("bcc", e.bcc)];
    let lists: String = lists.iter().map(|(name, list)| format!("{indent}{name}: {}\n", addresses(*list))).collect();
    format!(
        "{indent}date: {}\n{indent}subject: {}\n{lists}{indent}in-reply-to: {}\n{indent}message-id: {}\n",
        nil(e.date),
        nil(e.subject),
        nil(e.in_reply_to),
        nil(e.message_id)
    )
}

fn part(summary: &SummaryRef<'_>, p: &PartRef<'_>, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let number = summary.number(p).map_or("-".to_owned(), |n| n.iter().map(u32::to_string).collect::<Vec<_>>().join("."));
    let params =
        |params: postern_message::summary::Params<'_>| params.map(|(n, v)| format!(" {}={:?}", text(n), text(v))).collect::<String>();
    let mut out = format!("{indent}{number} {}/{}{} {}", text(p.media_type), text(p.subtype), params(p.params), text(p.encoding));
    out += &format!(" octets={} lines={} at {}..{}..{}", p.octets(), p.lines, p.header_start, p.body_start, p.end);
    for (name, value) in [("id", p.id), ("description", p.description), ("md5", p.md5), ("language", p.language), ("location", p.location)]
    {
        if value.is_some() {
            out += &format!(" {name}={}", nil(value));
        }
    }
    if let Some(d) = p.disposition {
        out += &format!(" [{}{}]", text(d.kind), params(d.params));
    }
    out.push('\n');
    if let Some(e) = p.envelope.filter(|_| depth > 0) {
        out += &envelope(&e, &format!("{indent}  | "));
    }
    out + &summary.children(p).map(|c| part(summary, &c, depth + 1)).collect::<String>()
}

/// The whole summary in lines.
pub fn show(summary: &SummaryRef<'_>) -> String {
    let mut out = envelope(&summary.envelope(), "");
    out += &format!("references: {}\n", summary.references().map(text).collect::<Vec<_>>().join(" "));
    out += &format!("sent: {}\n", summary.sent().map_or("-".to_owned(), |t| t.to_string()));
    out += &format!("attachment: {} incomplete: {} size: {}\n", summary.has_attachment(), summary.is_incomplete(), summary.size());
    out += &format!("preview: {:?}\n", summary.preview());
    out + &summary.root().map(|r| part(summary, &r, 0)).unwrap_or_default()
}

/// What holds of every message, however broken.
pub fn check(summary: &SummaryRef<'_>, message: &[u8]) {
    assert_eq!(summary.size(), message.len());
    assert_eq!(summary.parts().count(), summary.len());
    assert!(summary.len() <= postern_message::mime::MAX_PARTS);
    assert!(summary.preview().chars().count() <= 200 && !summary.preview().contains(['\r', '\n', '\0']));
    for p in summary.parts() {
        assert!(p.header_start <= p.body_start && p.body_start <= p.end && p.end <= message.len(), "{p:?}");
        let children: Vec<PartRef<'_>> = summary.children(&p).collect();
        assert_eq!(children.len(), p.children);
        assert_eq!(children.iter().map(|c| c.descendants + 1).sum::<usize>(), p.descendants);
        match p.kind {
            Kind::Multipart => assert!(!children.is_empty()),
            Kind::Message => assert!(children.len() == 1 && children[0].envelope.is_some()),
            Kind::Text | Kind::Basic => assert!(children.is_empty()),
        }
        let mut at = p.body_start;
        for c in &children {
            assert_eq!(c.parent, Some(p.index));
            assert!(at <= c.header_start && c.end <= p.end, "{c:?} in {p:?}");
            at = c.end;
        }
        if matches!(p.kind, Kind::Text | Kind::Message) {
            assert_eq!(p.lines, message[p.body()].iter().filter(|b| **b == b'\n').count() as u64);
        }
        if let Some(number) = summary.number(&p) {
            assert_eq!(summary.find(&number).map(|f| f.index), Some(p.index), "{number:?}");
        }
    }
}
