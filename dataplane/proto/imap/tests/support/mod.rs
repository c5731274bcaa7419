//! The machine as the tests set it up.

use std::sync::Arc;

use postern_proto_imap::server::{Channel, Config, Server};

/// A plain connection on which STARTTLS can be done and cleartext logins are allowed.
pub fn server() -> Server {
    let config =
        Config { mechanisms: ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"].map(str::to_owned).into(), append_limit: 1000, message_limit: None };
    Server::new(Arc::new(config), Channel { tls: false, starttls: true, binding: false, compressed: false, cleartext_login: true })
}
