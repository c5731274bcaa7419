//! A caller of the server's machine that decides by name: `Green` does not exist, `tim` may log in.

use std::sync::Arc;

use postern_core::{EnhancedCode, envelope::Notify};
use postern_proto_smtp::{
    ForwardPath, RcptParams, Reply,
    reply::standard,
    server::{Config, Event, Server},
};

/// A session and what happened in it.
pub struct Answerer {
    pub server: Server,
    pub events: Vec<String>,
}

impl Answerer {
    pub fn new(settings: &[&str]) -> Self {
        let mut server = Server::new(Arc::new(config(settings)));
        server.greet();
        Self { server, events: Vec::new() }
    }

    /// Feeds octets and answers everything that they lead to.
    pub fn input(&mut self, octets: &[u8]) {
        self.server.input(octets);
        while let Some(event) = self.server.next() {
            self.events.push(describe(&event));
            self.answer(&event);
        }
    }

    fn answer(&mut self, event: &Event) {
        match event {
            Event::Rcpt { recipient: ForwardPath::Mailbox(address), .. } if address.local() == "Green" => {
                self.server.refuse(Reply::new(550, EnhancedCode::NO_SUCH_MAILBOX, "No such user here"));
            }
            Event::Auth { initial: None, .. } => self.server.challenge(b""),
            Event::Auth { mechanism: "OAUTHBEARER", .. } => self.server.challenge(br#"{"status":"invalid_token"}"#),
            Event::Auth { initial: Some(message), .. } | Event::AuthResponse(message) => {
                if message.expose() == b"\0tim\0tanstaaftanstaaf" {
                    self.server.accept();
                } else {
                    self.server.refuse(standard::BAD_CREDENTIALS);
                }
            }
            _ => self.server.accept(),
        }
    }
}

/// Settings by word.
pub fn config(settings: &[&str]) -> Config {
    let mut config = Config { max_size: 1000, max_recipients: 100, max_errors: 20, ..Config::new("foo.com") };
    for setting in settings {
        match *setting {
            "tokens" => (config.auth, config.auth_required) = (vec!["OAUTHBEARER", "PLAIN", "LOGIN"], true),
            "auth" => (config.auth, config.auth_required) = (vec!["PLAIN", "LOGIN"], true),
            "starttls" => config.starttls = true,
            other => panic!("no setting {other}"),
        }
    }
    config
}

fn describe(event: &Event) -> String {
    match event {
        Event::Mail { sender, params } => {
            let sender = sender.as_ref().map(ToString::to_string).unwrap_or_default();
            let ret = params.ret.map(|r| format!(" ret={r:?}")).unwrap_or_default();
            let envid = params.envid.as_ref().map(|e| format!(" envid={e}")).unwrap_or_default();
            format!("Mail <{sender}>{ret}{envid}")
        }
        Event::Rcpt { recipient, params } => format!("Rcpt {}{}", whom(recipient), dsn(params)),
        Event::Message(octets) => format!("Message {:?}", String::from_utf8_lossy(octets)),
        other => format!("{other:?}"),
    }
}

fn whom(recipient: &ForwardPath) -> String {
    match recipient {
        ForwardPath::Mailbox(address) => format!("<{address}>"),
        ForwardPath::Postmaster => "Postmaster".to_owned(),
    }
}

fn dsn(params: &RcptParams) -> String {
    let notify = match params.notify {
        Notify { given: false, .. } => "",
        Notify { success: true, failure: false, delay: false, .. } => " notify=SUCCESS",
        Notify { success: false, failure: false, delay: false, .. } => " notify=NEVER",
        _ => " notify=several",
    };
    format!("{notify}{}", params.original.as_ref().map(|o| format!(" orcpt={o}")).unwrap_or_default())
}
