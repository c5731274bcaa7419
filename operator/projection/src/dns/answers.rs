//! What was asked, and what came of it.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use postern_core::DomainName;

/// A type of record that the doctor asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// RFC 1035 §3.4.1.
    A,
    /// RFC 3596.
    Aaaa,
    /// RFC 1035 §3.3.1: that of the name itself, not followed.
    Cname,
    /// RFC 1035 §3.3.9.
    Mx,
    /// RFC 1035 §3.3.12.
    Ptr,
    /// RFC 2782.
    Srv,
    /// RFC 1035 §3.3.14.
    Txt,
}

impl RecordType {
    /// As in a zone file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ptr => "PTR",
            Self::Srv => "SRV",
            Self::Txt => "TXT",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The name.
    pub name: DomainName,
    /// The type.
    pub type_: RecordType,
}

impl Question {
    /// For records of a type at a name.
    #[must_use]
    pub const fn new(name: DomainName, type_: RecordType) -> Self {
        Self { name, type_ }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Records, each as in a zone file: `10 mail.example.org.`, `0 1 993 mail.example.org.`, an address; a TXT record as its strings
    /// joined, without quotes. Names in lower case with their dot. At least one.
    Records(Vec<String>),
    /// There is none.
    None,
    /// Nobody could say, and why.
    Unknown(String),
}

/// Everything that was learned of a domain's DNS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<Question, Answer>);

impl Answers {
    /// Takes an answer. That nobody could say now does not undo what was known before.
    pub fn learn(&mut self, question: Question, mut answer: Answer) {
        if let Answer::Records(records) = &mut answer {
            records.sort(); // Servers turn them round at every answer; a status may not.
        }
        let is_unknown = matches!(answer, Answer::Unknown(_));
        if !is_unknown || !self.0.contains_key(&question) {
            self.0.insert(question, answer);
        }
    }

    /// Whether a question has been asked, whatever came of it.
    #[must_use]
    pub fn has(&self, question: &Question) -> bool {
        self.0.contains_key(question)
    }

    /// The records; `None` when nobody could say, or nobody asked.
    #[must_use]
    pub fn records(&self, name: &DomainName, type_: RecordType) -> Option<&[String]> {
        match self.0.get(&Question::new(name.clone(), type_))? {
            Answer::Records(records) => Some(records),
            Answer::None => Some(&[]),
            Answer::Unknown(_) => None,
        }
    }

    /// Addresses of a name, aliases followed by whoever asked; `None` unless both families are known.
    #[must_use]
    pub fn addresses(&self, name: &DomainName) -> Option<Vec<IpAddr>> {
        let (four, six) = (self.records(name, RecordType::A)?, self.records(name, RecordType::Aaaa)?);
        Some(four.iter().chain(six).filter_map(|text| text.parse().ok()).collect())
    }

    /// A new look at the same questions: what nobody could say in it is taken from this one.
    #[must_use]
    pub fn renewed(self, mut fresh: Self) -> Self {
        for (question, known) in self.0 {
            if let Some(answer) = fresh.0.get_mut(&question)
                && matches!(answer, Answer::Unknown(_))
            {
                *answer = known;
            }
        }
        fresh
    }
}
