//! What an attachment is, by its type or else by its name: many clients send a document as `application/octet-stream`.

use crate::{
    encoded_word,
    summary::{Kind, PartRef},
};

/// A format whose text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// XML in an archive: OOXML or OpenDocument, which its entries tell.
    Office,
    /// Rich Text Format.
    Rtf,
    /// Text, as it stands.
    Plain,
}

/// The format of a part; `None` for what is not opened.
pub(super) fn of(part: &PartRef<'_>) -> Option<Format> {
    match part.kind {
        // Other text is searched as it is written.
        Kind::Text => part.subtype.eq_ignore_ascii_case(b"rtf").then_some(Format::Rtf),
        Kind::Basic if part.media_type.eq_ignore_ascii_case(b"application") => {
            by_type(&String::from_utf8_lossy(part.subtype).to_ascii_lowercase()).or_else(|| by_name(part))
        }
        Kind::Basic | Kind::Multipart | Kind::Message => None,
    }
}

fn by_type(subtype: &str) -> Option<Format> {
    match subtype {
        "rtf" | "x-rtf" => Some(Format::Rtf),
        "xml" | "xhtml+xml" => Some(Format::Plain),
        _ if subtype.starts_with("vnd.openxmlformats-officedocument.") || subtype.starts_with("vnd.oasis.opendocument.") => {
            Some(Format::Office)
        }
        _ if subtype.starts_with("vnd.ms-") && subtype.contains(".macroenabled") => Some(Format::Office),
        _ => None,
    }
}

fn by_name(part: &PartRef<'_>) -> Option<Format> {
    let disposition = part.disposition.map(|disposition| disposition.params).unwrap_or_default();
    let name = ["filename", "filename*"].into_iter().find_map(|name| disposition.find(name));
    let name = name.or_else(|| ["name", "name*"].into_iter().find_map(|name| part.params.find(name)))?;
    // What RFC 2231 and RFC 2047 do to a name they seldom do to its end, but base64 does.
    let name = encoded_word::text(name);
    let (_, extension) = name.trim_end().rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "docx" | "docm" | "dotx" | "dotm" | "xlsx" | "xlsm" | "xltx" | "xltm" | "pptx" | "pptm" | "ppsx" | "ppsm" | "potx" | "potm" => {
            Some(Format::Office)
        }
        "odt" | "ott" | "ods" | "ots" | "odp" | "otp" | "odg" => Some(Format::Office),
        "rtf" => Some(Format::Rtf),
        "txt" | "text" | "csv" | "tsv" | "log" | "md" | "htm" | "html" | "xhtml" | "xml" | "json" | "ics" | "vcf" => Some(Format::Plain),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Summary;

    fn format(header: &str) -> Option<Format> {
        let summary = Summary::of(format!("{header}\r\n\r\nx").as_bytes());
        of(&summary.view().root().unwrap())
    }

    #[test]
    fn the_type_tells_or_else_the_name() {
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        for office in [
            format!("Content-Type: {word}"),
            "Content-Type: application/vnd.oasis.opendocument.spreadsheet; name=x".into(),
            "Content-Type: application/vnd.ms-excel.sheet.macroEnabled.12".into(),
            "Content-Type: application/octet-stream; name=\"Plan B.DOCX\"".into(),
            "Content-Type: application/zip\r\nContent-Disposition: attachment; filename=a.odt".into(),
            "Content-Type: application/msword\r\nContent-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.docx".into(),
            "Content-Type: application/octet-stream; name=\"=?utf-8?B?cMOkLnhsc3g=?=\"".into(),
        ] {
            assert_eq!(format(&office), Some(Format::Office), "{office}");
        }
        assert_eq!(format("Content-Type: text/rtf"), Some(Format::Rtf));
        assert_eq!(format("Content-Type: application/octet-stream; name=a.csv"), Some(Format::Plain));
        for none in [
            "Content-Type: text/plain; name=a.docx",
            "Content-Type: image/png; name=a.docx",
            "Content-Type: application/octet-stream",
            "Content-Type: application/octet-stream; name=docx",
            "Content-Type: application/pdf; name=a.pdf",
            "Content-Type: application/zip; name=a.zip",
        ] {
            assert_eq!(format(none), None, "{none}");
        }
    }
}
