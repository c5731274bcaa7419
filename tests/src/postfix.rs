//! A real Postfix on the loopback, for stories that need somebody else's server on the other end.
//!
//! A private instance: configuration, queue and mail lie in a folder of their own, and the machine's
//! Postfix, if it runs one, is not touched. A shell supervises it and ends it when this process goes.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{server::eventually, smtp::Smtp, temp::TempFolder, tools};

/// Arguments: the folder of the configuration, the program.
const SUPERVISOR: &str = r#"
"$2" -c "$1" start && echo started
read -r _
"$2" -c "$1" stop
"#;

/// Services of Postfix that receiving and delivering to a folder need.
const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// A running instance that takes mail for one domain.
#[derive(Debug)]
pub struct Postfix {
    folder: TempFolder,
    supervisor: Child,
    program: PathBuf,
    /// Where it takes mail.
    pub port: u16,
}

impl Postfix {
    /// Starts one; `None` where it cannot be had, which is said.
    ///
    /// # Panics
    /// When it is there and does not start, or is missing and `CI` is set.
    #[must_use]
    pub fn start(domain: &str) -> Option<Self> {
        let program = tools::find("postfix")?;
        let openssl = tools::find("openssl")?;
        if fs::metadata("/proc/self").map(|ours| ours.uid()).ok() != Some(0) {
            eprintln!("LEFT OUT: Postfix starts as root only");
            return None;
        }
        let folder = TempFolder::new();
        let at = folder.path();
        for name in ["etc", "queue", "data", "mail"] {
            fs::create_dir_all(at.join(name)).expect("a folder");
        }
        chown(at.join("data"), Some(user("postfix")), None).expect("the folder given to its user");
        chown(at.join("mail"), Some(user("nobody")), None).expect("the folder given to its user");
        let mut certificate = Command::new(openssl);
        certificate.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
        certificate.arg("-subj").arg(format!("/CN=mx.{domain}")).arg("-keyout").arg(at.join("key.pem"));
        tools::run(certificate.arg("-out").arg(at.join("certificate.pem")), "");
        let port = free_port();
        fs::write(at.join("etc/main.cf"), settings(at, domain)).expect("its settings");
        fs::write(at.join("etc/master.cf"), format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}")).expect("its services");
        let mut shell = Command::new("sh");
        shell.args(["-c", SUPERVISOR, "sh"]).arg(at.join("etc")).arg(&program);
        let supervisor = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell");
        let postfix = Self { folder, supervisor, program, port };
        postfix.recipients(&[]);
        eventually("Postfix answers", || match Smtp::greet(([127, 0, 0, 1], port).into()) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}\n{}", postfix.log())),
        });
        Some(postfix)
    }

    /// Says what becomes of recipients that are not simply taken: address and reply.
    pub fn recipients(&self, replies: &[(&str, &str)]) {
        let lines: String = replies.iter().map(|(address, reply)| format!("{address} {reply}\n")).collect();
        fs::write(self.folder.path().join("etc/recipients"), lines).expect("its rules");
        // Before it has started there is nothing to reload.
        let _ = tools::output(Command::new(&self.program).arg("-c").arg(self.folder.path().join("etc")).arg("reload"), "");
    }

    /// What it has delivered so far.
    #[must_use]
    pub fn delivered(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("mail/box/new"));
        let mut files: Vec<PathBuf> = entries.map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("a message")).collect()
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn settings(at: &Path, domain: &str) -> String {
    let nobody = user("nobody");
    let at = at.display();
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {at}/queue\n\
         data_directory = {at}/data\n\
         maillog_file = {at}/log\n\
         maillog_file_prefixes = {at}\n\
         myhostname = mx.{domain}\n\
         mydestination =\n\
         inet_protocols = ipv4\n\
         alias_maps =\n\
         virtual_mailbox_domains = {domain}\n\
         virtual_mailbox_base = {at}/mail\n\
         virtual_mailbox_maps = static:box/\n\
         virtual_uid_maps = static:{nobody}\n\
         virtual_gid_maps = static:{nobody}\n\
         smtpd_relay_restrictions = reject_unauth_destination\n\
         smtpd_recipient_restrictions = check_recipient_access texthash:{at}/etc/recipients\n\
         smtpd_tls_security_level = may\n\
         smtpd_tls_cert_file = {at}/certificate.pem\n\
         smtpd_tls_key_file = {at}/key.pem\n\
         smtpd_tls_received_header = yes\n"
    )
}

/// The number of a user.
fn user(name: &str) -> u32 {
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let line = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|rest| rest.split(':').nth(1)?.parse().ok());
    number.unwrap_or_else(|| panic!("a user named {name}"))
}

/// A port that nobody has now.
fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its number").port()
}
