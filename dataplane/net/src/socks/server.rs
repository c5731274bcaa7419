//! The proxy's side, step by step: what is allowed is decided between the steps, by whoever takes them.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use postern_core::Secret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{BY_PASSWORD, CONNECT, IPV4, IPV6, LOGIN_VERSION, Login, NO_METHOD, Reply, SocksError, VERSION, message::frame};

/// An answer that tells no address.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Who asks.
pub struct Asked {
    /// Where to leave from.
    pub source: IpAddr,
    /// By what right.
    pub token: Secret<String>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Reads the greeting (RFC 1928 §3) and the login (RFC 1929 §2). [`judge`] answers it.
///
/// # Errors
/// [`SocksError::Foreign`] for whoever does not log in so.
pub async fn login<S: AsyncRead + AsyncWrite + Unpin>(client: &mut S) -> Result<Asked, SocksError> {
    if client.read_u8().await? != VERSION {
        return Err(SocksError::Foreign);
    }
    let methods = text(client).await?;
    if !methods.contains(&BY_PASSWORD) {
        client.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(SocksError::Foreign);
    }
    client.write_all(&[VERSION, BY_PASSWORD]).await?;
    if client.read_u8().await? != LOGIN_VERSION {
        return Err(SocksError::Foreign);
    }
    let (user, password) = (text(client).await?, text(client).await?);
    let source = String::from_utf8(user).ok().and_then(|user| user.parse().ok()).ok_or(SocksError::Foreign)?;
    let token = String::from_utf8(password).map_err(|_| SocksError::Foreign)?;
    Ok(Asked { source, token: Secret::new(token) })
}

/// Answers a login; after anything but a welcome the connection is to be closed (RFC 1929 §2).
///
/// # Errors
/// As the connection says.
pub async fn judge<S: AsyncWrite + Unpin>(client: &mut S, verdict: Login) -> Result<(), SocksError> {
    Ok(client.write_all(&[LOGIN_VERSION, verdict as u8]).await?)
}

/// Reads where a client wants to be connected to (RFC 1928 §4); what it may not ask for is refused here.
///
/// # Errors
/// [`SocksError::Failed`] with what was answered.
pub async fn request<S: AsyncRead + AsyncWrite + Unpin>(client: &mut S) -> Result<SocketAddr, SocksError> {
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let [VERSION, command, _, kind] = head else { return Err(SocksError::Foreign) };
    let refused = match (command, kind) {
        (CONNECT, IPV4 | IPV6) => None,
        (CONNECT, _) => Some(Reply::AddressType),
        _ => Some(Reply::Command),
    };
    if let Some(reply) = refused {
        answer(client, reply, NOWHERE).await?;
        return Err(SocksError::Failed(reply));
    }
    let ip = if kind == IPV4 {
        IpAddr::V4(Ipv4Addr::from(client.read_u32().await?))
    } else {
        IpAddr::V6(Ipv6Addr::from(client.read_u128().await?))
    };
    Ok(SocketAddr::new(ip, client.read_u16().await?))
}

/// Answers a request (RFC 1928 §6); `bound` is where the connection leaves from.
///
/// # Errors
/// As the connection says.
pub async fn answer<S: AsyncWrite + Unpin>(client: &mut S, reply: Reply, bound: SocketAddr) -> Result<(), SocksError> {
    Ok(client.write_all(&frame(reply as u8, bound)).await?)
}

/// A length of one octet, then so many.
async fn text<S: AsyncRead + Unpin>(client: &mut S) -> io::Result<Vec<u8>> {
    let mut text = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut text).await?;
    Ok(text)
}
