//! What a certificate says of itself: for which names it is, and until when (RFC 5280 §4.1). Only that much of X.509 is read;
//! whether it is to be trusted is for those who are shown it.

use postern_core::Timestamp;
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::CertificateError;

/// The first certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Host names and wildcards of its subject alternative names (RFC 5280 §4.2.1.6), lower case.
    pub names: Vec<String>,
    /// When it ends.
    pub not_after: Timestamp,
}

impl Leaf {
    /// Reads the first certificate of a PEM chain.
    ///
    /// # Errors
    /// [`CertificateError::NoCertificate`], or [`CertificateError::Pem`] for what is no certificate.
    pub fn of_chain(chain_pem: &[u8]) -> Result<Self, CertificateError> {
        let der = CertificateDer::from_pem_slice(chain_pem).map_err(|_| CertificateError::NoCertificate)?;
        Self::of_der(&der).ok_or_else(|| CertificateError::Pem("no X.509 certificate".to_owned()))
    }

    fn of_der(der: &[u8]) -> Option<Self> {
        let mut certificate = Der(Der(der).take(SEQUENCE)?);
        let mut fields = Der(certificate.take(SEQUENCE)?);
        let _version = fields.take(EXPLICIT_0);
        let _serial = fields.take(INTEGER)?;
        let (_algorithm, _issuer) = (fields.take(SEQUENCE)?, fields.take(SEQUENCE)?);
        let mut validity = Der(fields.take(SEQUENCE)?);
        let _not_before = validity.any()?;
        let (tag, text) = validity.any()?;
        let not_after = moment(tag, std::str::from_utf8(text).ok()?)?;
        let (_subject, _key) = (fields.take(SEQUENCE)?, fields.take(SEQUENCE)?);
        let _unique_ids = (fields.take(0x81), fields.take(0x82));
        let names = fields.take(EXPLICIT_3).map_or_else(Vec::new, |extensions| alternative_names(extensions).unwrap_or_default());
        Some(Self { names, not_after })
    }
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const DNS_NAME: u8 = 0x82;
const EXPLICIT_0: u8 = 0xa0;
const EXPLICIT_3: u8 = 0xa3;
/// id-ce-subjectAltName, 2.5.29.17.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    let mut list = Der(Der(extensions).take(SEQUENCE)?);
    while let Some(extension) = list.take(SEQUENCE) {
        let mut extension = Der(extension);
        if extension.take(OID)? != ALTERNATIVE_NAMES {
            continue;
        }
        let _critical = extension.take(0x01);
        let mut general = Der(Der(extension.take(OCTETS)?).take(SEQUENCE)?);
        let mut names = Vec::new();
        while let Some((tag, name)) = general.any() {
            if tag == DNS_NAME {
                names.push(std::str::from_utf8(name).ok()?.to_ascii_lowercase());
            }
        }
        return Some(names);
    }
    None
}

/// `YYMMDDHHMMSSZ`, or with four digits of a year (RFC 5280 §4.1.2.5).
fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let (year, rest) = match tag {
        UTC_TIME if digits.len() == 12 => {
            let year: i64 = digits[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
        }
        GENERALIZED_TIME if digits.len() == 14 => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let part = |at: usize| rest.get(2 * at..2 * at + 2)?.parse::<i64>().ok();
    let (month, day) = (part(0).filter(|m| (1..=12).contains(m))?, part(1).filter(|d| (1..=31).contains(d))?);
    let seconds = part(2)? * 3_600 + part(3)? * 60 + part(4)?;
    Some(Timestamp::from_secs(days(year, month, day) * 86_400 + seconds))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar: years begin in March, so that the leap day is their last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// The rest of a DER encoding (X.690 §8.1), taken value by value.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value, whatever its tag.
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (octets.iter().fold(0, |length, b| length << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }

    /// The next value if it has this tag; else nothing is taken.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = Der(self.0);
        let (_, value) = ahead.any().filter(|(found, _)| *found == tag)?;
        self.0 = ahead.0;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_end_are_read() {
        let names = ["Mail.Example.org", "*.example.net"].map(str::to_owned).to_vec();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_after = rcgen::date_time_ymd(2031, 3, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let leaf = Leaf::of_chain(pem.as_bytes()).unwrap();
        assert_eq!(leaf.names, ["mail.example.org", "*.example.net"]);
        assert_eq!(leaf.not_after, Timestamp::from_secs(1_930_089_600), "2031-03-01T00:00:00Z");
    }

    #[test]
    fn moments_of_both_forms() {
        let leap = Timestamp::from_secs(1_709_208_000);
        assert_eq!(moment(UTC_TIME, "240229120000Z"), Some(leap));
        assert_eq!(moment(GENERALIZED_TIME, "20240229120000Z"), Some(leap));
        assert_eq!(moment(UTC_TIME, "700101000000Z"), Some(Timestamp::from_secs(0)));
        for wrong in ["2402291200Z", "240229120000", "241329120000Z", "24022912000éZ"] {
            assert_eq!(moment(UTC_TIME, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_cut_anywhere_is_refused_quietly() {
        let made = rcgen::generate_simple_self_signed(["a.example.org".to_owned()]).unwrap();
        let der = made.cert.der();
        assert!(Leaf::of_der(der).is_some());
        for at in 0..der.len() {
            assert_eq!(Leaf::of_der(&der[..at]), None, "cut at {at}");
        }
        assert_eq!(Leaf::of_chain(b"").unwrap_err(), CertificateError::NoCertificate);
    }
}
