//! An issuer of tokens (OpenID Connect) on loopback: it publishes its keys, signs what a test asks for, says which opaque
//! tokens are active, and can be away.

mod http;
mod keys;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

pub use self::keys::Alg;
use self::{http::Http, keys::Keys};

/// Our id and secret at the issuer, as RFC 7662 wants it asked.
pub const CLIENT: (&str, &str) = ("postern", "client:secret");

/// The issuer. Dropping it ends it.
#[derive(Debug)]
pub struct Issuer {
    /// Its identifier, which is its address.
    pub url: String,
    state: Arc<Mutex<State>>,
    _http: Http,
}

#[derive(Debug)]
struct State {
    url: String,
    keys: Keys,
    /// Opaque tokens and what is said of them.
    granted: BTreeMap<String, Value>,
    away: bool,
    asked: Vec<String>,
}

impl Issuer {
    /// Starts one with a key of each kind.
    #[must_use]
    pub fn start() -> Self {
        let state = State { url: String::new(), keys: Keys::new(1), granted: BTreeMap::new(), away: false, asked: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let asked = state.clone();
        let http = Http::serve(move |request| locked(&asked).answer(request));
        let url = format!("http://{}/realms/test", http.address);
        locked(&state).url.clone_from(&url);
        Self { url, state, _http: http }
    }

    /// A JWT with these claims, signed by the present key of this kind.
    #[must_use]
    pub fn sign(&self, alg: Alg, claims: &Value) -> String {
        locked(&self.state).keys.sign(alg, claims)
    }

    /// The usual claims of a token for `audience`, which ends after an hour.
    #[must_use]
    pub fn claims(&self, email: &str, audience: &str, now: i64) -> Value {
        json!({"iss": self.url, "sub": format!("id-of-{email}"), "aud": [audience, "account"], "exp": now + 3600, "nbf": now - 1,
            "email": email, "email_verified": true, "scope": "openid mail"})
    }

    /// An opaque token of which this is said from now on; `active` is added.
    pub fn grant(&self, token: &str, mut claims: Value) {
        claims["active"] = true.into();
        locked(&self.state).granted.insert(token.to_owned(), claims);
    }

    /// Takes an opaque token back.
    pub fn revoke(&self, token: &str) {
        locked(&self.state).granted.remove(token);
    }

    /// Throws its keys away and makes new ones, under new names.
    pub fn turn_keys(&self) {
        let mut state = locked(&self.state);
        state.keys = Keys::new(state.keys.generation + 1);
    }

    /// Answers 503, or no longer.
    pub fn away(&self, away: bool) {
        locked(&self.state).away = away;
    }

    /// How often a path that ends so was asked for.
    #[must_use]
    pub fn asked(&self, end: &str) -> usize {
        locked(&self.state).asked.iter().filter(|path| path.ends_with(end)).count()
    }

    /// Answers a request as over HTTP, for tests without sockets: status and body.
    #[must_use]
    pub fn answer(&self, method: &str, url: &str, authorization: &str, body: &str) -> (u16, String) {
        let path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
        let request = http::Request { method: method.into(), path, authorization: authorization.into(), body: body.into() };
        locked(&self.state).answer(&request)
    }
}

impl State {
    fn answer(&mut self, request: &http::Request) -> (u16, String) {
        self.asked.push(request.path.clone());
        if self.away {
            return (503, "{}".into());
        }
        let body = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/realms/test/.well-known/openid-configuration") => json!({
                "issuer": self.url, "jwks_uri": format!("{}/certs", self.url), "introspection_endpoint": format!("{}/introspect", self.url),
            }),
            ("GET", "/realms/test/certs") => self.keys.set(),
            ("POST", "/realms/test/introspect") if request.authorization == http::basic(CLIENT) => {
                let token = request.body.split('&').find_map(|pair| pair.strip_prefix("token=")).unwrap_or_default();
                self.granted.get(token).cloned().unwrap_or_else(|| json!({"active": false}))
            }
            ("POST", _) => return (401, "{}".into()),
            _ => return (404, "{}".into()),
        };
        (200, body.to_string())
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
