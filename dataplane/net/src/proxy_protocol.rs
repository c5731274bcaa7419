//! HAProxy's PROXY protocol, versions 1 and 2: who the client is behind a proxy.
//!
//! Pure: bytes in, a header or the number of bytes still wanted out. That number never reaches past
//! the header, so whoever reads exactly so much has not touched the first byte of the session.
//! Whom to believe is not decided here: the listener demands a header of the peers in its list and
//! closes the connection of anybody else who sends one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The proxy speaks for itself (health checks), or cannot tell: the connection's own addresses count.
    Local,
    /// The proxy speaks for a client.
    Proxied {
        /// The client.
        source: SocketAddr,
        /// The address that the client connected to.
        destination: SocketAddr,
    },
}

/// How far parsing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// At least so many more bytes belong to the header; never 0.
    More(usize),
    /// The header, and how many bytes it took.
    Done(Header, usize),
}

/// What is not a PROXY header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Neither signature.
    #[error("no PROXY header where one is demanded")]
    Absent,
    /// Longer than allowed: 107 bytes in version 1, 4096 in version 2.
    #[error("PROXY header too long")]
    TooLong,
    /// A version or command that is not known.
    #[error("PROXY header of an unknown version or command")]
    Unknown,
    /// Anything else.
    #[error("malformed PROXY header")]
    Malformed,
}

const V1: &[u8] = b"PROXY ";
const V2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The shortest header of either version.
const SHORTEST: usize = b"PROXY UNKNOWN\r\n".len();
/// "a 107-byte buffer is always enough" (§2.1).
const V1_LONGEST: usize = 107;
const V2_FIXED: usize = 16;
const V2_LONGEST: usize = 4096;

/// Whether the first bytes of a session are a PROXY header: those of a peer that is not listed.
#[must_use]
pub fn looks_like(bytes: &[u8]) -> bool {
    bytes.starts_with(V1) || bytes.starts_with(V2)
}

/// Parses a header from the beginning of a connection.
///
/// # Errors
/// [`ProxyError`] as soon as the bytes cannot become a header any more.
pub fn parse(bytes: &[u8]) -> Result<Step, ProxyError> {
    if bytes.is_empty() {
        return Ok(Step::More(SHORTEST));
    }
    if begins(bytes, V2) {
        return v2(bytes);
    }
    if begins(bytes, V1) {
        return v1(bytes);
    }
    Err(ProxyError::Absent)
}

/// Whether one of the two is the beginning of the other.
fn begins(bytes: &[u8], signature: &[u8]) -> bool {
    bytes.iter().zip(signature).all(|(a, b)| a == b)
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 51234 25\r\n`
fn v1(bytes: &[u8]) -> Result<Step, ProxyError> {
    let Some(end) = bytes.iter().take(V1_LONGEST).position(|b| *b == b'\n') else {
        return if bytes.len() >= V1_LONGEST { Err(ProxyError::TooLong) } else { v1_missing(bytes) };
    };
    let line = bytes.get(..end).and_then(|l| l.strip_suffix(b"\r")).ok_or(ProxyError::Malformed)?;
    let line = std::str::from_utf8(line).map_err(|_| ProxyError::Malformed)?;
    let mut words = line.split(' ').skip(1);
    let header = match words.next() {
        // §2.1: the rest of the line is to be ignored.
        Some("UNKNOWN") => Header::Local,
        Some(family @ ("TCP4" | "TCP6")) => {
            let mut word = || words.next().ok_or(ProxyError::Malformed);
            let (source, destination) = (v1_address(family, word()?)?, v1_address(family, word()?)?);
            let (from, to) = (v1_port(word()?)?, v1_port(word()?)?);
            if words.next().is_some() {
                return Err(ProxyError::Malformed);
            }
            Header::Proxied { source: SocketAddr::new(source, from), destination: SocketAddr::new(destination, to) }
        }
        _ => return Err(ProxyError::Malformed),
    };
    Ok(Step::Done(header, end + 1))
}

/// The least that must still come: what is left of `PROXY UNKNOWN\r\n`, or a byte and a separator for each missing word.
fn v1_missing(bytes: &[u8]) -> Result<Step, ProxyError> {
    if bytes.len() < SHORTEST {
        return Ok(Step::More(SHORTEST - bytes.len()));
    }
    if bytes.ends_with(b"\r") {
        return Ok(Step::More(1));
    }
    let spaces = if bytes.starts_with(b"PROXY TCP") { bytes.iter().filter(|b| **b == b' ').count() } else { 5 };
    Ok(Step::More(2 * 5usize.saturating_sub(spaces) + if bytes.ends_with(b" ") { 3 } else { 2 }))
}

fn v1_address(family: &str, text: &str) -> Result<IpAddr, ProxyError> {
    let address = if family == "TCP4" { text.parse().map(IpAddr::V4) } else { text.parse().map(IpAddr::V6) };
    address.map_err(|_| ProxyError::Malformed)
}

fn v1_port(text: &str) -> Result<u16, ProxyError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().map_err(|_| ProxyError::Malformed) } else { Err(ProxyError::Malformed) }
}

/// Signature, version and command, family, length, addresses, then fields (TLVs) that we do not read.
fn v2(bytes: &[u8]) -> Result<Step, ProxyError> {
    let Some((fixed, _)) = bytes.split_first_chunk::<V2_FIXED>() else {
        return Ok(Step::More(V2_FIXED - bytes.len()));
    };
    let [.., version_command, family, high, low] = *fixed;
    let whole = V2_FIXED + usize::from(u16::from_be_bytes([high, low]));
    if whole > V2_LONGEST {
        return Err(ProxyError::TooLong);
    }
    let local = match version_command {
        0x20 => true,
        0x21 => false,
        _ => return Err(ProxyError::Unknown),
    };
    let Some(addresses) = bytes.get(V2_FIXED..whole) else {
        return Ok(Step::More(whole - bytes.len()));
    };
    let header = match family {
        _ if local => Header::Local,
        0x11 => v2_addresses::<4>(addresses).ok_or(ProxyError::Malformed)?,
        0x21 => v2_addresses::<16>(addresses).ok_or(ProxyError::Malformed)?,
        // AF_UNSPEC, datagrams and UNIX sockets: "the receiver must ignore the address information" (§2.2).
        _ => Header::Local,
    };
    Ok(Step::Done(header, whole))
}

/// Source, destination, source port, destination port; `N` bytes an address.
fn v2_addresses<const N: usize>(bytes: &[u8]) -> Option<Header> {
    let address = |at: usize| -> Option<IpAddr> {
        let octets = bytes.get(at..at + N)?;
        Some(match <[u8; 4]>::try_from(octets) {
            Ok(v4) => Ipv4Addr::from(v4).into(),
            Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).into(),
        })
    };
    let port = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    Some(Header::Proxied {
        source: SocketAddr::new(address(0)?, port(2 * N)?),
        destination: SocketAddr::new(address(N)?, port(2 * N + 2)?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn proxied(source: &str, destination: &str) -> Header {
        Header::Proxied { source: source.parse().unwrap(), destination: destination.parse().unwrap() }
    }

    fn v2_header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut out = V2.to_vec();
        out.extend([0x20 | command, family]);
        out.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
        out.extend(rest);
        out
    }

    #[rstest]
    #[case("PROXY TCP4 192.0.2.1 198.51.100.7 51234 25\r\n", proxied("192.0.2.1:51234", "198.51.100.7:25"))]
    #[case("PROXY TCP6 2001:db8::1 2001:db8::2 1 993\r\n", proxied("[2001:db8::1]:1", "[2001:db8::2]:993"))]
    #[case("PROXY UNKNOWN\r\n", Header::Local)]
    #[case("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", Header::Local)]
    fn version_1(#[case] line: &str, #[case] header: Header) {
        assert_eq!(parse(line.as_bytes()), Ok(Step::Done(header, line.len())));
        let with_session = format!("{line}EHLO x\r\n");
        assert_eq!(parse(with_session.as_bytes()), Ok(Step::Done(header, line.len())));
    }

    #[test]
    fn version_2() {
        let four = v2_header(1, 0x11, &[192, 0, 2, 1, 198, 51, 100, 7, 0xC8, 0x22, 0, 25]);
        assert_eq!(parse(&four), Ok(Step::Done(proxied("192.0.2.1:51234", "198.51.100.7:25"), 28)));
        let with_tlv = v2_header(1, 0x11, &[192, 0, 2, 1, 198, 51, 100, 7, 0xC8, 0x22, 0, 25, 4, 0, 1, 0]);
        assert_eq!(parse(&with_tlv), Ok(Step::Done(proxied("192.0.2.1:51234", "198.51.100.7:25"), 32)));
        assert_eq!(parse(&v2_header(0, 0x00, &[])), Ok(Step::Done(Header::Local, 16)));
        assert_eq!(parse(&v2_header(1, 0x31, &[0; 216])), Ok(Step::Done(Header::Local, 232)), "a UNIX socket names no client");
    }

    /// Whoever reads one byte more has taken the session's first, or waits for one that the client will not send.
    #[rstest]
    #[case("PROXY UNKNOWN\r\n")]
    #[case("PROXY UNKNOWN x\r\n")]
    #[case("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n")]
    #[case("PROXY TCP6 :: :: 1 2\r\n")]
    fn short_headers_are_not_read_over(#[case] line: &str) {
        let mut read = 0;
        while let Step::More(n) = parse(&line.as_bytes()[..read]).unwrap() {
            read += n;
            assert!(read <= line.len(), "{read} octets of {line:?}");
        }
    }

    #[rstest]
    #[case(b"EHLO example.org\r\n", ProxyError::Absent)]
    #[case(b"\x16\x03\x01\x02\x00\x01", ProxyError::Absent)]
    #[case(b"PROXY TCP4 192.0.2.1 198.51.100.7 51234 25\n", ProxyError::Malformed)]
    #[case(b"PROXY TCP4 192.0.2.1 198.51.100.7 51234\r\n", ProxyError::Malformed)]
    #[case(b"PROXY TCP4 192.0.2.1 198.51.100.7 51234 25 1\r\n", ProxyError::Malformed)]
    #[case(b"PROXY TCP4 192.0.2.1 198.51.100.7 65536 25\r\n", ProxyError::Malformed)]
    #[case(b"PROXY TCP4 192.0.2.1 198.51.100.7 +1 25\r\n", ProxyError::Malformed)]
    #[case(b"PROXY TCP4 2001:db8::1 198.51.100.7 1 25\r\n", ProxyError::Malformed)]
    #[case(b"PROXY UDP4 192.0.2.1 198.51.100.7 1 25\r\n", ProxyError::Malformed)]
    fn refused(#[case] bytes: &[u8], #[case] error: ProxyError) {
        assert_eq!(parse(bytes), Err(error));
    }

    #[test]
    fn bounded() {
        let endless = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat();
        assert_eq!(parse(&endless), Err(ProxyError::TooLong));
        assert_eq!(parse(&v2_header(1, 0x11, &[0; 5000])), Err(ProxyError::TooLong));
        assert_eq!(parse(&v2_header(1, 0x11, &[0; 11])), Err(ProxyError::Malformed), "too short for its family");
        assert_eq!(parse(&v2_header(2, 0x11, &[0; 12])), Err(ProxyError::Unknown));
    }

    proptest! {
        /// Reading exactly what is asked for ends at the header's last byte, whatever follows.
        #[test]
        fn never_asks_past_the_header(a: [u8; 4], b: [u8; 4], from: u16, to: u16, second: bool, tail: Vec<u8>) {
            let (source, destination) = (SocketAddr::from((a, from)), SocketAddr::from((b, to)));
            let header = if second {
                v2_header(1, 0x11, &[&a[..], &b[..], &from.to_be_bytes()[..], &to.to_be_bytes()[..]].concat())
            } else {
                format!("PROXY TCP4 {} {} {from} {to}\r\n", source.ip(), destination.ip()).into_bytes()
            };
            let wire = [header.as_slice(), tail.as_slice()].concat();
            let mut read = 0;
            loop {
                match parse(&wire[..read]).unwrap() {
                    Step::More(n) => {
                        prop_assert!(n > 0);
                        read += n;
                        prop_assert!(read <= header.len());
                    }
                    Step::Done(got, len) => {
                        prop_assert_eq!(got, Header::Proxied { source, destination });
                        prop_assert_eq!(len, header.len());
                        break;
                    }
                }
            }
        }

        #[test]
        fn any_bytes_end_without_panic(bytes: Vec<u8>, prefix in prop_oneof![Just(&b""[..]), Just(V1), Just(&V2[..])]) {
            let wire = [prefix, bytes.as_slice()].concat();
            if let Ok(Step::Done(_, len)) = parse(&wire) {
                prop_assert!(len <= wire.len());
            }
        }
    }
}
