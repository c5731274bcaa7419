//! The configuration as the doors and the sender want it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use postern_core::DomainName;
use postern_mailflow::{
    deliver::remote::{egress::Egress, mx::MxConfig, session::SessionConfig},
    queue::{self, Relay},
    schedule::Schedule,
};
use postern_net::{
    Resolver,
    tls::{ClientTls, Roots},
};
use postern_store::Store;

use crate::config::Config;

/// Time for a connection to another server, and for its TLS handshake.
const CONNECT: Duration = Duration::from_secs(30);

/// IMAP's settings for a listener.
pub fn imap(config: &Config, starttls: bool) -> postern_serve_imap::Config {
    postern_serve_imap::Config {
        starttls,
        allow_plaintext: config.auth.allow_plaintext,
        append_limit: config.imap.append_limit.0,
        message_limit: Some(config.imap.message_limit).filter(|limit| *limit > 0),
        login_timeout: config.imap.login_timeout,
        idle_timeout: config.imap.idle_timeout,
        ..postern_serve_imap::Config::default()
    }
}

/// SMTP's settings for a listener.
pub fn smtp(config: &Config, kind: postern_serve_smtp::Kind, memory: &Arc<postern_serve_smtp::Memory>) -> postern_serve_smtp::Settings {
    let smtp = &config.smtp;
    postern_serve_smtp::Settings {
        max_message_size: smtp.max_message_size.0,
        max_recipients: smtp.max_recipients,
        max_errors: smtp.max_errors,
        max_transactions: smtp.max_transactions,
        command_timeout: smtp.command_timeout,
        data_timeout: smtp.data_timeout,
        memory: memory.clone(),
        tls: true,
        allow_plaintext: config.auth.allow_plaintext,
        ..postern_serve_smtp::Settings::new(kind, config.process.hostname.clone())
    }
}

/// The sender's settings.
///
/// # Errors
/// When TLS cannot be set up.
pub fn sender(config: &Config, host: DomainName, store: &Store, resolver: &Arc<dyn Resolver>) -> std::io::Result<queue::Config> {
    let outbound = &config.outbound;
    let roots = Roots::of_system().unwrap_or_else(Roots::none);
    let session = SessionConfig {
        hostname: config.process.hostname.clone(),
        connect: CONNECT,
        reply: None,
        tls: ClientTls::opportunistic(roots, store.clock.clone())?,
        record: true,
        egress: outbound.egress.as_ref().zip(outbound.egress_token.as_ref()).map(|(place, token)| {
            let token = postern_core::Secret::new(token.expose().clone());
            Arc::new(Egress::new(place.host.clone(), place.port, token, resolver.clone()))
        }),
    };
    let fixed: HashMap<DomainName, Relay> =
        outbound.static_mx.iter().map(|fixed| (fixed.domain.clone(), Relay::plain(fixed.place.host.clone(), fixed.place.port))).collect();
    Ok(queue::Config {
        schedule: Schedule { waits: outbound.schedule.clone(), delayed_notice: outbound.delayed_notice, expire: outbound.expire },
        mx: MxConfig {
            port: outbound.port,
            allow_private: outbound.allow_private,
            own_hosts: [host.clone()].into(),
            ..MxConfig::default()
        },
        fixed,
        connections: outbound.connections,
        per_destination: u32::try_from(outbound.per_destination).unwrap_or(u32::MAX),
        ..queue::Config::new(host, session)
    })
}

/// The name by which other servers know us.
pub fn host(config: &Config) -> DomainName {
    // `Process::read` has refused what is no name.
    DomainName::parse(&config.process.hostname).unwrap_or_else(|_| localhost())
}

#[expect(clippy::expect_used, reason = "a literal that parses")]
fn localhost() -> DomainName {
    DomainName::parse("localhost").expect("a name")
}
