//! `postern egress`: the proxy of a node that owns addresses. The operator runs one on each; by hand it is run where no
//! operator is, and senders are told of it by `outbound.egress`.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use postern_net::{Drain, Graces};
use tokio::net::TcpListener;

use super::Done;
use crate::{
    config::{Format, Log, Value},
    egress::{self, PORTS},
    health::Health,
    metrics::Metrics,
    readiness::Readiness,
    signal::Signals,
    telemetry,
};

/// Lets senders leave from this machine's addresses.
#[derive(Debug, Args)]
pub struct Egress {
    /// Where senders ask
    #[arg(long, value_name = "ADDRESS:PORT", env = "POSTERN_EGRESS_LISTEN", default_value = "127.0.0.1:1080", value_parser = address)]
    listen: SocketAddr,
    /// Where `/healthz`, `/readyz` and `/metrics` are answered
    #[arg(long, value_name = "ADDRESS:PORT", env = "POSTERN_EGRESS_HEALTH", default_value = "127.0.0.1:9091", value_parser = address)]
    health: SocketAddr,
    /// A file with the token that senders must know, at least 32 characters
    #[arg(long, value_name = "FILE", env = "POSTERN_EGRESS_TOKEN_FILE")]
    token_file: PathBuf,
    /// Ports that may be connected to
    #[arg(long, value_name = "LIST", env = "POSTERN_EGRESS_PORTS", value_delimiter = ',', default_values_t = PORTS)]
    ports: Vec<u16>,
    /// Connections at once
    #[arg(long, env = "POSTERN_EGRESS_CONNECTIONS", default_value_t = 4_000)]
    connections: usize,
    /// Let it connect to loopback and private addresses too: for tests
    #[arg(long, env = "POSTERN_EGRESS_ALLOW_PRIVATE")]
    allow_private: bool,
    /// What is logged: a level, or directives
    #[arg(long, env = "POSTERN_LOG_LEVEL", default_value = "info")]
    log: String,
    /// The shape of a line of it: text or json
    #[arg(long, env = "POSTERN_LOG_FORMAT", default_value = "text", value_parser = <Format as Value>::parse)]
    log_format: Format,
    /// Seconds that connections may go on after SIGTERM
    #[arg(long, env = "POSTERN_EGRESS_GRACE", default_value_t = 120)]
    grace: u64,
}

impl Egress {
    /// Serves until SIGTERM or SIGINT, then lets connections end.
    ///
    /// # Errors
    /// What is wrong with the token, or a socket.
    pub fn run(self) -> Done {
        let failed = |error| format!("--token-file {}: {error}", self.token_file.display());
        let token = std::fs::read_to_string(&self.token_file).map_err(failed)?.trim().to_owned();
        if !(32..=255).contains(&token.len()) {
            return Err(format!("--token-file {}: a token has 32 to 255 characters", self.token_file.display()).into());
        }
        telemetry::install(&Log { format: self.log_format, level: self.log })?;
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let settings = egress::Egress {
            token: blake3::hash(token.as_bytes()),
            ports: self.ports,
            allow_private: self.allow_private,
            connections: self.connections,
        };
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let signals = Signals::new()?;
            let drain = Drain::new();
            let (listener, health) = (TcpListener::bind(self.listen).await?, TcpListener::bind(self.health).await?);
            let told = Health { readiness: Readiness::new(), drain: drain.clone(), metrics: Metrics::new() };
            let health = tokio::spawn(told.serve(health));
            tracing::info!(address = %listener.local_addr()?, "senders may ask");
            let serving = tokio::spawn(egress::serve(listener, Arc::new(settings), drain.clone()));
            // Senders find another proxy, or come later: nobody waits for endpoints here.
            let cut = signals.drain(&drain, Graces { not_ready: Duration::ZERO, finish: Duration::from_secs(self.grace) }).await;
            if cut > 0 {
                tracing::warn!(connections = cut, "cut off at the end of the grace period");
            }
            let _ = tokio::join!(serving, health);
            Ok(())
        })
    }
}

/// `192.0.2.1:1080` and `[2001:db8::1]:1080`; also without the brackets, for Kubernetes puts a node's address before a port as it is.
fn address(text: &str) -> Result<SocketAddr, String> {
    let bare = || {
        let (ip, port) = text.rsplit_once(':')?;
        Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
    };
    text.parse().ok().or_else(bare).ok_or_else(|| "write an address and a port, as 127.0.0.1:1080".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_either_family_stands_before_the_port() {
        for (text, read) in [
            ("192.0.2.1:1080", "192.0.2.1:1080"),
            ("[2001:db8::1]:1080", "[2001:db8::1]:1080"),
            ("2001:db8::1:1080", "[2001:db8::1]:1080"),
            ("::1:1080", "[::1]:1080"),
            ("2001:db8:0:0:0:0:0:1:10825", "[2001:db8::1]:10825"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), read);
        }
        for bad in ["1080", "2001:db8::1", ":1080", "host:1080", "192.0.2.1:99999"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
