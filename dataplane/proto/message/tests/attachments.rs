//! The text of attachments, as the programs write them that people use; and archives that mean harm.

use postern_message::{Summary, attachment};
use postern_tests::archive::{How, deflated, docx, zip};
use proptest::prelude::*;

/// A message with this attachment, in these octets.
fn mail(header: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee there.\r\n--b\r\n{header}\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    );
    [head.as_bytes(), file, b"\r\n--b--\r\n"].concat()
}

fn texts(mail: &[u8]) -> Vec<String> {
    let (summary, mut all) = (Summary::of(mail), Vec::new());
    attachment::texts(&summary.view(), mail, |text| {
        all.push(text.to_owned());
        false
    });
    assert!(all.is_empty() || attachment::any(&summary.view()));
    all
}

/// What a document of these entries says.
fn office(files: &[(&str, &[u8])]) -> String {
    texts(&mail("Content-Type: application/octet-stream; name=a.docx", &zip(How::Deflated, files))).concat()
}

#[test]
fn a_text_document() {
    let body = br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <w:document xmlns:w="w" xmlns:mc="mc"><w:body>
        <w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t>Quar</w:t></w:r><w:r><w:t xml:space="preserve">terly </w:t></w:r>
        <w:r><w:t>fig&amp;ures</w:t><w:tab/><w:t>&#233;t&#xe9; &lt;3</w:t><w:delText>gone</w:delText><w:instrText>PAGE</w:instrText></w:r></w:p>
        <w:p><w:r><w:t>before </w:t><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent>
        </mc:Choice><mc:Fallback><w:t>twice</w:t></mc:Fallback></mc:AlternateContent><w:t>and after</w:t><w:br/><w:t><![CDATA[<raw>]]></w:t></w:r></w:p>
        </w:body></w:document>"#;
    let files: [(&str, &[u8]); 4] = [
        ("word/styles.xml", b"<w:t>no</w:t>"),
        ("word/document2.xml", body),
        ("word/footer1.xml", b"<w:ftr><w:p><w:r><w:t>Page foot</w:t></w:r></w:p></w:ftr>"),
        ("docProps/app.xml", b"<t>no</t>"),
    ];
    assert_eq!(office(&files), "QUARTERLY FIG&URES\tE\u{301}TE\u{301} <3\nBEFORE AND AFTER\n<RAW>\nIN A BOX\nPAGE FOOT\n",);
}

#[test]
fn a_spreadsheet() {
    let strings = b"<sst><si><t>Total</t></si><si><r><t>so</t></r><r><t>up</t></r><rPh><t>how</t></rPh></si></sst>";
    let sheet = br#"<worksheet><sheetData><row><c r="A1" t="s"><v>17</v></c><c r="B1"><v>1234.5</v></c><c t="b"><v>1</v></c>
        <c r="C1" t="str"><f>A1</f><v>computed</v></c><c t="inlineStr"><is><t>inline</t></is></c></row></sheetData></worksheet>"#;
    let files: [(&str, &[u8]); 3] =
        [("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", strings), ("xl/worksheets/sheet12.xml", sheet)];
    assert_eq!(office(&files), "TOTAL\nSOUP\n1234.5\nCOMPUTED\nINLINE\n");
}

#[test]
fn slides_and_their_notes() {
    let slide = b"<p:sld><a:p><a:r><a:t>Where we</a:t></a:r><a:br/><a:r><a:t>stand</a:t></a:r></a:p></p:sld>";
    let notes = b"<p:notes><a:p><a:r><a:t>Smile</a:t></a:r></a:p></p:notes>";
    let files: [(&str, &[u8]); 3] =
        [("ppt/slides/slide1.xml", slide), ("ppt/slides/_rels/slide1.xml.rels", b"<t>no</t>"), ("ppt/notesSlides/notesSlide1.xml", notes)];
    assert_eq!(office(&files), "WHERE WE\nSTAND\nSMILE\n");
}

#[test]
fn an_open_document() {
    let content = "<office:document-content><office:automatic-styles>no</office:automatic-styles><office:body><office:text>
        <text:tracked-changes><text:deletion><text:p>gone</text:p></text:deletion></text:tracked-changes>
        <text:h>A
           heading</text:h><text:p>Hello <text:span>wor</text:span>ld<text:note><text:note-body><text:p>a note</text:p></text:note-body></text:note>,
        two<text:s text:c=\"2\"/>spaces<text:line-break/>and a<text:tab/>tab</text:p><text:p/></office:text></office:body></office:document-content>";
    let files: [(&str, &[u8]); 2] = [("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", content.as_bytes())];
    assert_eq!(office(&files), "A HEADING\nHELLO WORLD, TWO  SPACES\nAND A\tTAB\nA NOTE\n");
}

#[test]
fn other_files_of_text() {
    let said = |header: &str, file: &[u8]| texts(&mail(header, file)).concat();
    assert_eq!(said("Content-Type: application/rtf", br"{\rtf1 Caf\'e9}"), "CAFE\u{301}");
    assert_eq!(said("Content-Type: application/octet-stream; name=a.csv", b"a;b\r\n1;2"), "A;B\r\n1;2");
    assert_eq!(said("Content-Type: application/octet-stream; name=a.txt", b"\xff\xfea\0b\0"), "AB");
    assert_eq!(said("Content-Type: application/octet-stream; name=a.html", b"<p>caf\xe9</p>"), "<P>CAFE\u{301}</P>");
    // What a text part says is found already; of other files nothing is said.
    for none in ["Content-Type: text/csv; name=a.csv", "Content-Type: application/pdf; name=a.pdf", "Content-Type: image/png; name=a.docx"]
    {
        assert!(texts(&mail(none, b"text")).is_empty(), "{none}");
    }
}

#[test]
fn however_the_archive_is_written() {
    let document = b"<w:document><w:p><w:r><w:t>the text</w:t></w:r></w:p></w:document>";
    let files: [(&str, &[u8]); 1] = [("word/document.xml", document)];
    let said = |file: &[u8]| texts(&mail("Content-Type: application/zip; name=a.docx", file)).concat();
    for how in [How::Stored, How::Deflated, How::Streamed] {
        assert_eq!(said(&zip(how, &files)), "THE TEXT\n", "{how:?}");
    }
    // What stands before it and behind it is passed over.
    assert_eq!(said(&[b"#!/bin/sh\n".as_slice(), &zip(How::Deflated, &files), b" a comment"].concat()), "THE TEXT\n");
    assert_eq!(said(&zip(How::Encrypted, &files)), "");
    // In base64, within a message within the message.
    let base64 = "UEsDBAo=\r\n";
    let inner = format!("Content-Type: application/zip; name=a.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64}");
    assert_eq!(texts(&mail("Content-Type: message/rfc822", inner.as_bytes())), [""]);
    let plain = "Content-Type: application/octet-stream; name=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n";
    assert_eq!(texts(&mail("Content-Type: message/rfc822", plain.as_bytes())), ["HELLO"]);
}

#[test]
fn what_is_declared_is_not_expanded() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><w:p><w:t>&b;</w:t></w:p>";
    assert_eq!(office(&[("word/document.xml", laughs.as_bytes())]), "");
    assert_eq!(office(&[("word/document.xml", b"<w:p><w:t>a&b;c&#xfffffff;d</w:t></w:p>")]), "ACD\n");
}

#[test]
fn what_is_broken_says_what_came_before() {
    let say = |xml: &[u8]| office(&[("word/document.xml", xml)]);
    assert_eq!(say(b"<p><t>one</t></p><p><t>two</x></p>"), "ONE\nTWO\n");
    assert_eq!(say(b"<p><t>one</t></p><p><t>\xff\xfe</t></p>"), "ONE\n");
    assert_eq!(say(b"\xff\xfe<\0p\0>\0"), "");
    assert_eq!(say(b""), "");
    let deep = format!("<p><t>one</t></p>{}<t>deep</t>", "<a>".repeat(100_000));
    assert_eq!(say(deep.as_bytes()), "ONE\n");
    let whole = docx(&"word ".repeat(10_000));
    for end in (0..whole.len()).step_by(7) {
        assert_eq!(texts(&mail("Content-Type: application/zip; name=a.docx", &whole[..end])).concat(), "", "{end}");
    }
}

/// A text of so many octets, in an archive, compressed as well as can be.
fn bomb(octets: usize) -> Vec<u8> {
    let document = ["<w:p><w:t>", &"a".repeat(octets), "</w:t></w:p>"].concat();
    zip(How::Deflated, &[("word/document.xml", document.as_bytes())])
}

#[test]
fn archives_that_become_large_do_not() {
    let header = "Content-Type: application/zip; name=a.docx";
    let archive = bomb(100 << 20);
    let said = texts(&mail(header, &archive)).concat();
    assert!(said.len() <= archive.len() * attachment::RATIO + attachment::ALWAYS, "{} of {}", said.len(), archive.len());
    assert!(said.len() <= attachment::TEXT);
    // The same octets under many names: as some write bombs of gigabytes.
    let packed = deflated(&vec![b'a'; 1 << 20]);
    let (mut shared, names) = (zip(How::Deflated, &[("word/document.xml", b"x")]), 2_000);
    let directory = shared.split_off(30 + "word/document.xml".len() + deflated(b"x").len());
    shared.truncate(30 + "word/document.xml".len());
    shared.extend(&packed);
    let mut place = directory[..46 + "word/document.xml".len()].to_vec();
    place[20..24].copy_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
    let places = place.repeat(names);
    let numbers = [places.len(), shared.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes()).concat();
    let bomb = [&shared[..], &places, b"PK\x05\x06\0\0\0\0\0\0\0\0", &numbers, &[0; 2]].concat();
    assert!(texts(&mail(header, &bomb)).concat().len() <= attachment::TEXT);
    // Many attachments share what one message has.
    let mut many = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec();
    for _ in 0..50 {
        many.extend(format!("--b\r\n{header}\r\nContent-Transfer-Encoding: binary\r\n\r\n").as_bytes());
        many.extend(&archive);
        many.extend(b"\r\n");
    }
    assert!(texts(&many).concat().len() <= attachment::TEXT);
}

proptest! {
    /// Whatever is written as a text is found as it is, however it is cut into runs.
    #[test]
    fn words_are_found_however_they_are_cut(words in prop::collection::vec("[a-z<&é東]{0,6}", 1..12)) {
        let escape = |word: &String| word.replace('&', "&amp;").replace('<', "&lt;");
        let runs: String = words.iter().map(|word| format!("<w:r><w:t>{}</w:t></w:r>", escape(word))).collect();
        let document = format!("<w:document><w:body><w:p>{runs}</w:p></w:body></w:document>");
        let wanted = postern_message::casemap::casemap(&words.concat());
        let said = office(&[("word/document.xml", document.as_bytes())]);
        prop_assert_eq!(said.trim_end_matches('\n'), wanted);
    }

    /// Any octets, as a document and as what is in one.
    #[test]
    fn any_octets_are_fine(octets in prop::collection::vec(any::<u8>(), 0..2_000), name in "(docx|rtf|txt)") {
        texts(&mail(&format!("Content-Type: application/octet-stream; name=a.{name}"), &octets));
        for path in ["word/document.xml", "xl/worksheets/sheet1.xml", "content.xml"] {
            office(&[(path, &octets)]);
        }
    }

    /// A document in which some octets were changed.
    #[test]
    fn damage_is_fine(at in prop::collection::vec((0.0..1.0, any::<u8>()), 0..8)) {
        let mut file = docx("What is written here\nmay come out or not");
        let length = file.len();
        for (place, octet) in at {
            file[(place * length as f64) as usize] = octet;
        }
        texts(&mail("Content-Type: application/octet-stream; name=a.docx", &file));
    }

    /// Markup of the words that mean something.
    #[test]
    fn any_markup_is_fine(pieces in prop::collection::vec(
        prop_oneof!["<(w:)?(t|p|tab|txbxContent|Fallback|c t=\"s\"|v|s text:c=\"9\"|note|h)/?>", "</(w:)?(t|p|txbxContent|c|v|note|h)>", "[a-z &;#0-9<]{0,8}"],
        0..60,
    )) {
        for path in ["word/document.xml", "xl/worksheets/sheet1.xml", "ppt/slides/slide1.xml", "content.xml"] {
            office(&[(path, pieces.concat().as_bytes())]);
        }
    }
}
