//! Tokens of a test's issuer, asked without sockets; the clock stands where a test puts it.

use postern_core::{TestClock, Timestamp};
use postern_tests::issuer::{self, Alg};
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);
const ALICE: &str = "alice@example.org";

/// An issuer's answers without a network.
struct Direct(Arc<issuer::Issuer>);

impl Direct {
    fn ask(&self, method: &str, url: &str, authorization: &str, body: &str) -> Result<Vec<u8>, Unreachable> {
        match self.0.answer(method, url, authorization, body) {
            (200, body) => Ok(body.into_bytes()),
            (status, _) => Err(Unreachable(format!("status {status}"))),
        }
    }
}

#[async_trait]
impl Web for Direct {
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable> {
        self.ask("GET", url, "", "")
    }

    async fn post(&self, url: &str, client: &Client, form: &[(&str, &str)]) -> Result<Vec<u8>, Unreachable> {
        let authorization = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("{}:{}", client.id, client.secret.expose().replace(':', "%3A")),
        );
        let body = form.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        self.ask("POST", url, &format!("Basic {authorization}"), &body)
    }
}

struct Room {
    issuer: Arc<issuer::Issuer>,
    issuers: Issuers,
    clock: Arc<TestClock>,
}

fn room(change: impl FnOnce(&mut Settings)) -> Room {
    let (issuer, clock) = (Arc::new(issuer::Issuer::start()), Arc::new(TestClock::at(NOW)));
    let trusted = Issuer { url: issuer.url.clone(), domains: [DomainName::parse("example.org").unwrap()].into(), client: None };
    let mut settings = Settings {
        issuers: vec![trusted],
        audiences: vec!["postern".into()],
        claim: "email".into(),
        scope: None,
        skew: Duration::from_secs(60),
    };
    change(&mut settings);
    Room { issuers: Issuers::new(settings, Arc::new(Direct(issuer.clone())), clock.clone()), issuer, clock }
}

impl Room {
    fn claims(&self) -> Value {
        self.issuer.claims(ALICE, "postern", self.clock.now().secs())
    }

    /// What becomes of a token with these changes to the usual claims.
    async fn with(&self, changes: Value) -> Result<Proven, Unproven> {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.check(&self.issuer.sign(Alg::EdDsa, &claims)).await
    }

    async fn check(&self, token: &str) -> Result<Proven, Unproven> {
        self.issuers.check(None, &Secret::new(token.to_owned())).await
    }
}

fn refused(fault: Fault) -> Result<Proven, Unproven> {
    Err(Unproven::Refused(fault))
}

#[tokio::test]
async fn a_token_proves_the_mailbox_that_it_names() {
    let room = room(|_| ());
    for alg in Alg::ALL {
        let proven = room.check(&room.issuer.sign(alg, &room.claims())).await.unwrap();
        assert_eq!((proven.mailbox.to_string().as_str(), proven.subject.as_deref()), (ALICE, Some("id-of-alice@example.org")), "{alg:?}");
    }
    assert_eq!((room.issuer.asked("openid-configuration"), room.issuer.asked("/certs")), (1, 1), "asked once for all");
}

#[tokio::test]
async fn nothing_but_the_right_token_does() {
    let room = room(|settings| settings.scope = Some("mail".into()));
    assert!(room.with(json!({})).await.is_ok());
    let now = NOW.secs();
    for (changes, fault) in [
        (json!({"exp": now - 61}), Fault::Expired),
        (json!({"exp": null}), Fault::Malformed),
        (json!({"nbf": now + 61}), Fault::NotYet),
        (json!({"aud": "other"}), Fault::Audience),
        (json!({"aud": null}), Fault::Audience),
        (json!({"iss": "https://id.example.org"}), Fault::UnknownIssuer),
        (json!({"iss": 7}), Fault::Malformed),
        (json!({"scope": "openid"}), Fault::Scope),
        (json!({"email": null}), Fault::NoMailbox),
        (json!({"email_verified": false}), Fault::Unverified),
        (json!({"email": "eve@example.net"}), Fault::OtherDomain),
        (json!({"email": "eve@sub.example.org"}), Fault::OtherDomain),
    ] {
        assert_eq!(room.with(changes.clone()).await, refused(fault), "{changes}");
    }
    let token = room.issuer.sign(Alg::EdDsa, &room.claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let another = room.issuer.sign(Alg::EdDsa, &json!({}));
    let borrowed = another.rsplit_once('.').unwrap().1;
    for (forged, fault) in [
        (format!("{signed}."), Fault::Signature),
        (format!("{signed}.{borrowed}"), Fault::Signature),
        (format!("{signed}{signature}"), Fault::Malformed),
        (format!("{token}{}", "A".repeat(LONGEST)), Fault::Malformed),
        (String::new(), Fault::Malformed),
    ] {
        assert_eq!(room.check(&forged).await, refused(fault), "{forged}");
    }
}

/// The wall: an issuer's word about another issuer's domain is worth nothing, however well it is signed.
#[tokio::test]
async fn an_issuer_speaks_for_its_own_domains_alone() {
    let net = DomainName::parse("example.net").unwrap();
    let room = room(|settings| {
        let other = Issuer { url: "https://id.example.net".into(), domains: [net.clone()].into(), client: None };
        settings.issuers.push(other);
    });
    let proven = room.with(json!({})).await.unwrap();
    assert!(room.issuers.speaks_for(&proven, &DomainName::parse("example.org").unwrap()));
    assert!(!room.issuers.speaks_for(&proven, &net));
    assert_eq!(room.with(json!({"email": "eve@example.net"})).await, refused(Fault::OtherDomain));
    let configuration = |user: Option<&str>| room.issuers.configuration(user);
    assert_eq!(configuration(Some("x@example.net")).as_deref(), Some("https://id.example.net/.well-known/openid-configuration"));
    assert_eq!(configuration(Some("x@nobody.example")), None);
    assert_eq!(configuration(None), None, "there are two");
}

#[tokio::test]
async fn keys_turn_and_are_looked_for_again_but_not_at_everybodys_word() {
    let room = room(|_| ());
    let old = room.issuer.sign(Alg::Es256, &room.claims());
    assert!(room.check(&old).await.is_ok());
    room.issuer.turn_keys();
    let new = room.issuer.sign(Alg::Es256, &room.claims());
    for _ in 0..20 {
        assert_eq!(room.check(&new).await, refused(Fault::UnknownKey));
    }
    assert_eq!(room.issuer.asked("/certs"), 1, "a moment ago there was no such key");
    room.clock.advance(Duration::from_secs(30));
    assert!(room.check(&new).await.is_ok());
    assert_eq!(room.check(&old).await, refused(Fault::UnknownKey), "what is no longer published no longer signs");
    assert_eq!(room.issuer.asked("/certs"), 2);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_nobodys_fault() {
    let room = room(|_| ());
    let mut long = room.claims();
    long["exp"] = (NOW.secs() + 1_000_000).into();
    let token = room.issuer.sign(Alg::Rs256, &long);
    room.issuer.away(true);
    assert!(matches!(room.check(&token).await, Err(Unproven::Away(_))));
    room.issuer.away(false);
    assert!(matches!(room.check(&token).await, Err(Unproven::Away(_))), "it was asked a moment ago");
    assert_eq!(room.issuer.asked("openid-configuration"), 1);
    room.clock.advance(Duration::from_secs(30));
    assert!(room.check(&token).await.is_ok());
    // Its keys go on to serve for a day.
    room.issuer.away(true);
    room.clock.advance(Duration::from_hours(23));
    assert!(room.check(&token).await.is_ok());
    room.clock.advance(Duration::from_hours(2));
    assert!(matches!(room.check(&token).await, Err(Unproven::Away(_))));
    room.issuer.away(false);
    room.clock.advance(Duration::from_secs(30));
    assert!(room.check(&token).await.is_ok());
}

#[tokio::test]
async fn who_introspects_asks_about_every_token() {
    let room = room(|settings| {
        let (id, secret) = issuer::CLIENT;
        settings.issuers[0].client = Some(Client { id: id.into(), secret: Secret::new(secret.into()) });
    });
    assert_eq!(room.check("opaque").await, refused(Fault::Inactive));
    room.issuer.grant("opaque", json!({"aud": "postern", "email": ALICE, "sub": "7"}));
    assert_eq!(room.check("opaque").await.unwrap().subject.as_deref(), Some("7"));
    // A JWT that is signed well and was taken back.
    let token = room.issuer.sign(Alg::Rs256, &room.claims());
    assert_eq!(room.check(&token).await, refused(Fault::Inactive));
    for (said, fault) in [
        (json!({"email": ALICE}), Fault::Audience),
        (json!({"aud": "postern", "email": ALICE, "exp": NOW.secs() - 61}), Fault::Expired),
        (json!({"aud": "postern", "email": ALICE, "iss": "https://else.example"}), Fault::UnknownIssuer),
        (json!({"aud": "postern", "email": "eve@example.net"}), Fault::OtherDomain),
        (json!({"aud": "postern", "username": "alice"}), Fault::NoMailbox),
    ] {
        room.issuer.grant("opaque", said.clone());
        assert_eq!(room.check("opaque").await, refused(fault), "{said}");
    }
    room.issuer.revoke("opaque");
    assert_eq!(room.check("opaque").await, refused(Fault::Inactive));
    room.issuer.away(true);
    assert!(matches!(room.check("opaque").await, Err(Unproven::Away(_))));
}
