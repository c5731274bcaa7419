//! The client's side.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use postern_core::Secret;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use super::{BY_PASSWORD, CONNECT, IPV4, IPV6, LOGIN_VERSION, Login, Reply, SocksError, VERSION, message::frame};

/// A connection to a proxy that lets us leave from `source`.
///
/// # Errors
/// As [`log_in`]; and when it cannot be reached.
pub async fn reach(proxy: SocketAddr, source: IpAddr, token: &Secret<String>) -> Result<TcpStream, SocksError> {
    let mut stream = TcpStream::connect(proxy).await?;
    log_in(&mut stream, source, token).await?;
    Ok(stream)
}

/// Asks to leave from `source`.
///
/// # Errors
/// [`SocksError::NotHere`] when that is not the proxy's address; else as it says. No time limit: that is the caller's.
pub async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(proxy: &mut S, source: IpAddr, token: &Secret<String>) -> Result<(), SocksError> {
    let (user, password) = (source.to_canonical().to_string(), token.expose().as_bytes());
    // RFC 1928 §3 and RFC 1929 §2 in one flight: there is one method that either side knows.
    let mut hello = vec![VERSION, 1, BY_PASSWORD, LOGIN_VERSION];
    for part in [user.as_bytes(), password] {
        hello.push(u8::try_from(part.len()).map_err(|_| SocksError::Unknown)?);
        hello.extend(part);
    }
    proxy.write_all(&hello).await?;
    let mut answers = [0; 4];
    proxy.read_exact(&mut answers[..2]).await?;
    if answers[..2] != [VERSION, BY_PASSWORD] {
        return Err(SocksError::Foreign);
    }
    proxy.read_exact(&mut answers[2..]).await?;
    match answers {
        [.., LOGIN_VERSION, 0] => Ok(()),
        [.., LOGIN_VERSION, code] if code == Login::NotHere as u8 => Err(SocksError::NotHere),
        [.., LOGIN_VERSION, _] => Err(SocksError::Unknown),
        _ => Err(SocksError::Foreign),
    }
}

/// Asks for a connection; after it, what is written goes there.
///
/// # Errors
/// As the proxy says.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(proxy: &mut S, to: SocketAddr) -> Result<(), SocksError> {
    proxy.write_all(&frame(CONNECT, to)).await?;
    let mut head = [0; 4];
    proxy.read_exact(&mut head).await?;
    let [VERSION, code, _, kind] = head else { return Err(SocksError::Foreign) };
    // The address that it bound, which we know.
    let mut bound = [0; 18];
    let length = match kind {
        IPV4 => size_of::<Ipv4Addr>(),
        IPV6 => size_of::<Ipv6Addr>(),
        _ => return Err(SocksError::Foreign),
    };
    proxy.read_exact(&mut bound[..length + 2]).await?;
    match Reply::of(code) {
        Reply::Succeeded => Ok(()),
        failed => Err(SocksError::Failed(failed)),
    }
}
