//! What an operator sees: which source wins, what is refused and with what words.

use std::time::Duration;

use postern_core::{ByteSize, role::Role};

use super::*;

fn read(file: &str, environment: &[(&str, &str)], flags: &Flags) -> Result<(Config, Vec<Setting>), Problems> {
    let file = File::parse("postern.toml", file).map_err(Problems::from)?;
    let environment: Environment = environment.iter().copied().collect();
    Config::read(&[flags, &environment, &file])
}

fn problems(file: &str, environment: &[(&str, &str)]) -> String {
    read(file, environment, &Flags::new()).unwrap_err().to_string()
}

#[test]
fn defaults_need_nobody() {
    let (config, settings) = read("", &[], &Flags::new()).unwrap();
    assert_eq!(config.process.roles.len(), Role::ALL.len());
    assert_eq!(config.listen.address(Name::Mx), "127.0.0.1:2525".parse().ok());
    assert_eq!(config.smtp.max_message_size, ByteSize(50 << 20));
    assert!(!config.auth.allow_plaintext);
    assert!(settings.iter().all(|setting| setting.origin == Origin::Default));
    let loopback = |name: &Name| config.listen.address(*name).is_some_and(|address| address.ip().is_loopback());
    assert!(Name::ALL.iter().all(loopback), "nothing is open to the world unless somebody says so");
}

#[test]
fn flags_win_over_environment_over_file() {
    let file = "data = '/file'\nhostname = 'file.example'\n[smtp]\nmax_recipients = 500\n";
    let environment = [("POSTERN_DATA", "/environment"), ("POSTERN_HOSTNAME", "environment.example"), ("POSTERN_LISTEN_MX", "")];
    let flags = Flags::new().with("data", "/first", "--data").with("data", "/flag", "--data");
    let (config, settings) = read(file, &environment, &flags).unwrap();
    assert_eq!(config.process.data.to_str(), Some("/flag"), "and a later flag over an earlier");
    assert_eq!(config.process.hostname, "environment.example");
    assert_eq!(config.smtp.max_recipients, 500);
    assert_eq!(config.listen.address(Name::Mx), "127.0.0.1:2525".parse().ok(), "an empty variable is as good as none");
    let origin = |name: &str| settings.iter().find(|s| s.key.to_string() == name).map(|s| s.origin.to_string());
    assert_eq!(origin("data").as_deref(), Some("--data"));
    assert_eq!(origin("hostname").as_deref(), Some("POSTERN_HOSTNAME"));
    assert_eq!(origin("smtp.max_recipients").as_deref(), Some("postern.toml:4"));
}

#[test]
fn lists_are_arrays_in_the_file_and_commas_elsewhere() {
    let (config, _) = read("roles = ['mx', 'imap']", &[], &Flags::new()).unwrap();
    assert_eq!(config.process.roles, [Role::Mx, Role::Imap].into());
    let (config, _) = read("roles = ['mx']", &[("POSTERN_ROLES", "sender, janitor")], &Flags::new()).unwrap();
    assert_eq!(config.process.roles, [Role::Sender, Role::Janitor].into());
    let places = [("POSTERN_OUTBOUND_STATIC_MX", "a.example=127.0.0.1:2526,b.example=[::1]:26")];
    let (config, _) = read("", &places, &Flags::new()).unwrap();
    let places: Vec<_> = config.outbound.static_mx.iter().map(|p| (p.domain.as_str(), p.place.host.as_str(), p.place.port)).collect();
    assert_eq!(places, [("a.example", "127.0.0.1", 2526), ("b.example", "::1", 26)]);
    let (config, _) = read("[outbound]\nschedule = ['1s', '10m']", &[], &Flags::new()).unwrap();
    assert_eq!(config.outbound.schedule, [Duration::from_secs(1), Duration::from_mins(10)]);
}

#[test]
fn a_listener_can_be_off_and_roles_decide_who_opens() {
    let flags = Flags::new().with("listen.submission", "off", "--listen submission=off").with("roles", "mx,submission", "--roles");
    let (config, _) = read("[listen]\nmx = '0.0.0.0:25'", &[], &flags).unwrap();
    let opened: Vec<_> = config.listen.opened(|role| config.process.roles.contains(&role)).map(|(name, _)| name.to_string()).collect();
    assert_eq!(opened, ["mx", "submissions", "health"]);
    assert_eq!(config.listen.address(Name::Mx), "0.0.0.0:25".parse().ok());
}

#[test]
fn unknown_names_are_refused_with_what_exists() {
    assert_eq!(
        problems("\n[drain]\ngraze = '1s'", &[]),
        "postern.toml:3: drain.graze: there is no such setting; drain has not_ready, grace"
    );
    assert_eq!(
        problems("[lmits]\nconnections = 1", &[]),
        "postern.toml:2: lmits.connections: there is no section `lmits`; there are auth, drain, imap, limits, listen, log, oidc, outbound, proxy_protocol, smtp, store, tls, web"
    );
    assert_eq!(
        problems("role = 'mx'", &[]),
        "postern.toml:1: role: there is no such setting; the top has data, hostname, instance, seal_key, database, manifests, roles"
    );
    let flags = Flags::new().with("listen.pop", "off", "--listen pop=off");
    let refused = read("", &[], &flags).unwrap_err().to_string();
    assert!(refused.starts_with("--listen pop=off: listen.pop: there is no such setting; listen has mx, "), "{refused}");
    read("", &[("POSTERN_SERVICE_HOST", "10.0.0.1"), ("POSTERN_PORT_25_TCP", "tcp://10.0.0.1:25")], &Flags::new())
        .expect("what Kubernetes puts beside a Service of our name");
}

#[test]
fn everything_wrong_is_told_at_once_with_its_place() {
    let file = "roles = ['cook']\n[limits]\nconnections = -1\n[drain]\ngrace = '2 h'\n[log]\nlevel = 'loud=very'\n";
    let told = problems(file, &[("POSTERN_LISTEN_IMAP", "143"), ("POSTERN_SMTP_MAX_RECIPIENTS", "5")]);
    let lines: Vec<_> = told.lines().collect();
    for (line, beginning) in lines.iter().zip([
        "postern.toml:1: roles: `cook` is no role; there are mx,",
        "POSTERN_LISTEN_IMAP: listen.imap: `143` is no address with a port",
        "postern.toml:3: limits.connections: `-1` is no whole number",
        "POSTERN_SMTP_MAX_RECIPIENTS: smtp.max_recipients: 5 is not from 100 to 100000",
        "postern.toml:5: drain.grace: `2 h` is no duration",
        "postern.toml:7: log.level: ",
    ]) {
        assert!(line.starts_with(beginning), "{line}\n{beginning}");
    }
    assert_eq!(lines.len(), 6, "one word about each: {told}");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    assert!(problems("[tls]\nkey = 'k.pem'", &[]).starts_with("postern.toml:2: tls.key: certificate and key go together"));
    assert!(problems("[store]\ns3_endpoint = 'x'", &[]).contains("store.s3_bucket: the other s3 settings need a bucket"));
    assert!(problems("[outbound]\nschedule = []", &[]).contains("outbound.schedule: name at least one wait"));
    assert!(problems("roles = []", &[]).contains("roles: name at least one role"));
}

#[test]
fn an_issuer_is_trusted_with_the_domains_that_are_named_and_its_secret_is_hidden() {
    let file = "[oidc]\ntrust = ['a.example=https://id.example/r', 'b.example=https://id.example/r']\naudience = ['postern']\n\
                clients = ['https://id.example/r=mail:hunter2']";
    let (config, settings) = read(file, &[], &Flags::new()).unwrap();
    let trusted: Vec<_> = config.oidc.trust.iter().map(|trust| (trust.domain.as_str(), trust.issuer.as_str())).collect();
    assert_eq!(trusted, [("a.example", "https://id.example/r"), ("b.example", "https://id.example/r")]);
    assert!(!report::effective(&config, &settings).contains("hunter2"));
    for (wrong, told) in [
        ("trust = ['a.example=https://id.example']", "oidc.audience: name what tokens must be meant for"),
        ("audience = ['x']\ntrust = ['a.example=https://id.example', 'a.example=https://other.example']", "a.example has two issuers"),
        ("audience = ['x']\ntrust = ['a.example=http://id.example']", "is no issuer"),
        ("audience = ['x']\ntrust = ['a.example=http://127.0.0.1.evil.example']", "is no issuer"),
        ("audience = ['x']\ntrust = ['https://id.example']", "oidc.trust: "),
        ("clients = ['https://id.example=mail:hunter2']", "is trusted with no domain"),
        ("clients = ['https://id.example=hunter2']", "that is no client"),
    ] {
        let said = problems(&format!("[oidc]\n{wrong}"), &[]);
        assert!(said.contains(told) && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let told = problems("data = 'x'\nroles = [", &[]);
    assert!(told.starts_with("postern.toml:2: "), "{told}");
    assert!(problems("[a.b]\nc = 1", &[]).contains("sections are one level deep"));
}

#[test]
fn the_report_is_a_file_that_says_the_same_without_secrets() {
    let environment = [
        ("POSTERN_DATABASE", "postgres://mail:hunter2@db/mail"),
        ("POSTERN_STORE_S3_BUCKET", "mail"),
        ("POSTERN_STORE_S3_ACCESS_KEY", "name"),
        ("POSTERN_STORE_S3_SECRET_KEY", "hunter2"),
    ];
    let (config, settings) = read("[listen]\nmx = 'off'", &environment, &Flags::new().with("roles", "mx", "--roles")).unwrap();
    let report = report::effective(&config, &settings);
    assert!(!report.contains("hunter2"));
    assert!(report.contains("\nmx = \"off\"                                   # postern.toml:2\n"), "{report}");
    assert!(report.lines().any(|l| l.starts_with("pop3 = ") && l.ends_with("# default; not served by this version")), "{report}");
    assert!(report.lines().any(|l| l.starts_with("imap = ") && l.ends_with("not opened: needs the role imap")), "{report}");
    let (_, again) = read(&report, &[], &Flags::new()).unwrap();
    let literals = |settings: &[Setting]| settings.iter().map(|s| (s.key, s.literal.clone())).collect::<Vec<_>>();
    assert_eq!(literals(&again), literals(&settings));
}
