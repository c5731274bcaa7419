//! What is served over HTTP and by host name: certificates without a restart, on every process; challenges, policies, settings.

#![expect(clippy::unwrap_used, reason = "helpers of a test have nobody to report to")]

use std::{fs, net::SocketAddr, path::Path, process::Command};

use postern_tests::{Server, Site, TestDatabase, eventually, manifests::Manifests, server::http_get, tools};

const HOSTS: &str = "spec: {domain: web.test, hosts: {mail: mail.web.test}, dns: {mtaSts: {mode: enforce}}}";

#[test]
fn a_certificate_is_served_by_its_host_and_renewed_on_sqlite() {
    let site = site(TestDatabase::sqlite());
    let server = Server::start(&site);
    certificates_follow_the_folder(&site, &[&server]);
}

#[test]
fn a_certificate_is_served_by_its_host_and_renewed_on_every_process_on_postgresql() {
    let site = site(TestDatabase::postgres());
    let one = Server::start_as(&site, "one", &[]);
    let two = Server::start_as(&site, "two", &["--roles", "imap,submission,web"]);
    certificates_follow_the_folder(&site, &[&one, &two]);
}

fn certificates_follow_the_folder(site: &Site, servers: &[&Server]) {
    if tools::find("openssl").is_none() {
        return;
    }
    let own: Vec<String> = servers.iter().map(|server| shown(server.address("imaps"), "mail.web.test", &[])).collect();
    let first = certificate(site, "first", "mail.web.test");
    site.manifests.write("certificate.yaml", &secret(&first));
    served(servers, "mail.web.test", &first.serial);
    // Another host keeps the process's own.
    for (server, own) in servers.iter().zip(&own) {
        assert_eq!(shown(server.address("imaps"), "other.web.test", &[]), *own);
        assert_eq!(shown(server.address("submission"), "mail.web.test", &["-starttls", "smtp"]), first.serial, "STARTTLS too");
        assert_eq!(shown(server.address("webs"), "mail.web.test", &[]), first.serial);
    }
    // Renewed, and the others hear of it without a word.
    let second = certificate(site, "second", "*.web.test");
    site.manifests.write("certificate.yaml", &secret(&second));
    served(servers, "mail.web.test", &second.serial);
    served(servers, "imap.web.test", &second.serial);
    // What is broken changes nothing and is told.
    site.manifests.write("certificate.yaml", &secret(&Pair { key: first.key.clone(), ..second.clone() }));
    eventually("the fault is told", || {
        // By whichever process applies the folder at the moment.
        let told: String = servers.iter().map(|server| server.answer(&["get", "problems"])).collect();
        if told.contains("certificate.yaml") && told.contains("do not fit") { Ok(()) } else { Err(told) }
    });
    served(servers, "mail.web.test", &second.serial);
    // Gone from the folder, gone from the handshake.
    site.manifests.remove("certificate.yaml");
    for (server, own) in servers.iter().zip(&own) {
        eventually("the process's own is back", || same(&shown(server.address("imaps"), "mail.web.test", &[]), own));
    }
}

#[test]
fn pages_follow_the_host_and_the_clear_goes_to_tls() {
    let server = Server::start(&site(TestDatabase::sqlite()));
    let (web, webs) = (server.address("web"), server.address("webs"));
    let (status, _) = http_get(web, "/.well-known/acme-challenge/nobody-ordered-this").unwrap();
    assert_eq!(status, 404, "answered here, not sent elsewhere");
    if tools::find("curl").is_none() {
        return;
    }
    let get = |address: SocketAddr, url: &str| {
        let mut curl = Command::new("curl");
        let host = url.split('/').nth(2).unwrap().split(':').next().unwrap();
        let to = format!("{host}:{}:127.0.0.1", address.port());
        curl.args(["--silent", "--insecure", "--include", "--max-time", "20", "--resolve", &to, url]);
        tools::run(&mut curl, "")
    };
    let clear = get(web, &format!("http://mail.web.test:{}/admin?a=b", web.port()));
    assert!(clear.starts_with("HTTP/1.1 308 "), "{clear}");
    assert!(clear.contains("location: https://mail.web.test:") && clear.contains("/admin?a=b"), "{clear}");
    let policy = get(webs, &format!("https://mta-sts.web.test:{}/.well-known/mta-sts.txt", webs.port()));
    assert!(policy.starts_with("HTTP/1.1 200 ") && policy.contains("content-type: text/plain"), "{policy}");
    assert!(policy.contains("version: STSv1\r\nmode: enforce\r\nmx: mail.web.test\r\nmax_age: "), "{policy}");
    for nobody in ["mta-sts.elsewhere.test", "web.test"] {
        let none = get(webs, &format!("https://{nobody}:{}/.well-known/mta-sts.txt", webs.port()));
        assert!(none.starts_with("HTTP/1.1 404 "), "{nobody}: {none}");
    }
    let settings = get(webs, &format!("https://autoconfig.web.test:{}/mail/config-v1.1.xml", webs.port()));
    assert!(settings.contains("<hostname>mail.web.test</hostname>") && settings.contains("%EMAILADDRESS%"), "{settings}");
}

fn site(database: TestDatabase) -> Site {
    let manifests = Manifests::of("web.test", &["one"], "");
    manifests.edit("all.yaml", "spec: {domain: web.test}", HOSTS);
    Site::new(database, manifests)
}

fn served(servers: &[&Server], host: &str, serial: &str) {
    for server in servers {
        eventually("the certificate is served", || {
            same(&shown(server.address("imaps"), host, &[]), serial).map_err(|last| format!("{last}\n{:?}", server.log))
        });
    }
}

fn same(shown: &str, wanted: &str) -> Result<(), String> {
    if shown == wanted { Ok(()) } else { Err(format!("{shown} is shown, not {wanted}")) }
}

/// A self-signed certificate.
#[derive(Clone)]
struct Pair {
    chain: String,
    key: String,
    serial: String,
}

fn certificate(site: &Site, name: &str, host: &str) -> Pair {
    let file = |end: &str| site.scratch().join(format!("{name}.{end}"));
    let (chain, key) = (file("crt"), file("key"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=test",
    ]);
    openssl.args(["-addext", &format!("subjectAltName=DNS:{host}")]).arg("-out").arg(&chain).arg("-keyout").arg(&key);
    tools::run(&mut openssl, "");
    let serial = serial(&fs::read_to_string(&chain).unwrap());
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    Pair { chain: read(&chain), key: read(&key), serial }
}

fn secret(pair: &Pair) -> String {
    let block = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: tls, namespace: acme}}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: |\n{}  tls.key: |\n{}",
        block(&pair.chain),
        block(&pair.key)
    )
}

/// The serial number of the certificate that is shown to a client that asks for a host.
fn shown(address: SocketAddr, host: &str, more: &[&str]) -> String {
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &address.to_string(), "-servername", host]).args(more);
    serial(&String::from_utf8_lossy(&tools::output(&mut client, "").stdout))
}

fn serial(pem: &str) -> String {
    tools::run(Command::new("openssl").args(["x509", "-noout", "-serial"]), pem)
}
