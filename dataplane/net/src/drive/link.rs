//! The stream's side of a conversation: writes that must be taken, waits for whatever comes first, farewells that arrive.

use std::{io, pin::pin, time::Duration};

use tokio::{io::AsyncWriteExt, time::timeout};

use super::{Aside, Driving, End, Limit, Next, Patience, Session};
use crate::{
    drain::Live,
    proxy_protocol,
    scratch::Filled,
    stream::{Stream, TlsInfo},
};

/// What ended a wait.
pub(super) enum Event {
    Bytes(Filled),
    Wake,
    Drain,
    Timeout,
}

/// The stream's side of the conversation.
pub(super) struct Link<'a> {
    /// `None` after a failed handshake.
    pub(super) stream: Option<Stream>,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) settings: &'a Driving,
}

impl Link<'_> {
    fn stream(&mut self) -> Result<&mut Stream, End> {
        self.stream.as_mut().ok_or(End::Client)
    }

    /// Sends all that is pending; each piece must be taken within the write timeout.
    pub(super) async fn write(&mut self, output: &mut Vec<u8>) -> Result<(), End> {
        if output.is_empty() {
            return Ok(());
        }
        let limit = self.settings.write_timeout;
        let stream = self.stream()?;
        let packed = stream.packed(output).map_err(End::Io)?;
        let mut rest = &*packed;
        while !rest.is_empty() {
            match timeout(limit, stream.write(rest)).await {
                Err(_) => return Err(End::SlowReader),
                Ok(Err(e)) => return Err(End::Io(e)),
                Ok(Ok(0)) => return Err(End::Client),
                Ok(Ok(n)) => rest = rest.get(n..).unwrap_or_default(),
            }
        }
        timeout(limit, stream.flush()).await.map_err(|_| End::SlowReader)?.map_err(End::Io)?;
        drop(packed);
        self.sent += output.len() as u64;
        output.clear();
        Ok(())
    }

    /// Lets the session work, and sends what it says meanwhile.
    pub(super) async fn run<S: Session>(&mut self, session: &mut S, aside: Option<&Aside>) -> Result<Next, End> {
        let mut work = pin!(session.run());
        let Some(aside) = aside else { return Ok(work.await) };
        loop {
            tokio::select! {
                biased;
                next = &mut work => {
                    aside.forget();
                    return Ok(next);
                }
                mut words = aside.said() => self.write(&mut words).await?,
            }
        }
    }

    pub(super) fn start_deflate(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.start_deflate();
        }
    }

    pub(super) async fn start_tls(&mut self) -> Result<TlsInfo, End> {
        let (Some(tls), Some(stream)) = (&self.settings.tls, self.stream.take()) else {
            return Err(End::Tls(io::Error::new(io::ErrorKind::Unsupported, "no TLS is configured")));
        };
        let stream = timeout(self.settings.handshake_timeout, stream.accept_tls(tls))
            .await
            .map_err(|_| End::Tls(io::ErrorKind::TimedOut.into()))?
            .map_err(End::Tls)?;
        let info = stream.tls().cloned().ok_or_else(|| End::Tls(io::ErrorKind::NotConnected.into()))?;
        self.stream = Some(stream);
        Ok(info)
    }

    /// Waits for whatever comes first. Input goes first: only a connection that is silent waits for the rest.
    pub(super) async fn event<S: Session>(
        &mut self,
        session: &mut S,
        live: &mut Live,
        patience: &mut Patience,
        told: bool,
    ) -> Result<Event, End> {
        let spread = self.settings.drain_spread;
        let stream = self.stream.as_mut().ok_or(End::Client)?;
        tokio::select! {
            biased;
            bytes = stream.read_some() => bytes.map(Event::Bytes).map_err(End::Io),
            () = session.wake() => Ok(Event::Wake),
            () = live.finishing(spread), if !told => Ok(Event::Drain),
            () = patience.exhausted() => Ok(Event::Timeout),
        }
    }

    /// Only the first bytes can be a header, and under TLS there is none.
    pub(super) fn is_forged_header(&self, bytes: &[u8]) -> bool {
        self.received == 0 && self.stream.as_ref().is_some_and(|s| s.tls().is_none()) && proxy_protocol::looks_like(bytes)
    }

    pub(super) async fn over<S: Session>(&mut self, session: &mut S, limit: Limit) -> Result<End, End> {
        session.on_limit(limit);
        self.write(session.output()).await?;
        Ok(End::Limit(limit))
    }
}

/// Says goodbye so that the last reply arrives: half-closes, then discards for a moment what is still under way, for
/// unread bytes would turn the close into a reset that overtakes the reply.
pub(super) async fn leave(mut stream: Stream, end: &End) {
    const MOMENT: Duration = Duration::from_millis(500);
    const MOST: usize = 256 * 1024;
    if !matches!(end, End::Session | End::Limit(_)) {
        return;
    }
    let _ = timeout(MOMENT, async {
        stream.shutdown().await?;
        let mut seen = 0;
        while seen < MOST {
            match stream.read_some().await?.len() {
                0 => break,
                n => seen += n,
            }
        }
        io::Result::Ok(())
    })
    .await;
}
