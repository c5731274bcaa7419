//! Settings for mail clients in Thunderbird's form, which others read too: `autoconfig.DOMAIN/mail/config-v1.1.xml`, or the
//! well-known path of the domain's own host.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use postern_core::DomainName;

use crate::{
    host,
    site::{Ports, Site},
};

/// On `autoconfig.DOMAIN`.
pub const PATH: &str = "/mail/config-v1.1.xml";
/// On the domain itself, should its web site be ours or send clients here.
pub const WELL_KNOWN: &str = "/.well-known/autoconfig/mail/config-v1.1.xml";

/// The settings of the domain whose host is asked for.
pub async fn thunderbird(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Response {
    let none = || (StatusCode::NOT_FOUND, "no mail is served for this host\n").into_response();
    let Some(host) = host::host(&uri, &headers) else { return none() };
    let domain = host::below("autoconfig", &host).unwrap_or(host);
    match site.directory.domain(&domain).await {
        Ok(Some(entry)) => {
            let server = entry.record.hosts.mail.as_ref().unwrap_or(&site.host);
            ([(CONTENT_TYPE, "text/xml; charset=utf-8")], settings(&domain, server, site.ports)).into_response()
        }
        Ok(None) => none(),
        Err(error) => {
            tracing::warn!(%error, %domain, "settings for clients could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, "try again later\n").into_response()
        }
    }
}

/// Names of domains hold nothing that XML would have to escape.
fn settings(domain: &DomainName, server: &DomainName, ports: Ports) -> String {
    let entry = |tag: &str, kind: &str, port: Option<u16>| {
        port.map_or_else(String::new, |port| {
            format!(
                "    <{tag} type=\"{kind}\">\n      <hostname>{server}</hostname>\n      <port>{port}</port>\n      \
                 <socketType>SSL</socketType>\n      <authentication>password-cleartext</authentication>\n      \
                 <username>%EMAILADDRESS%</username>\n    </{tag}>\n"
            )
        })
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n  <emailProvider id=\"{domain}\">\n    \
         <domain>{domain}</domain>\n    <displayName>{domain}</displayName>\n{}{}  </emailProvider>\n</clientConfig>\n",
        entry("incomingServer", "imap", ports.imaps),
        entry("outgoingServer", "smtp", ports.submissions)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_doors_that_are_open_are_shown() {
        let name = |text: &str| DomainName::parse(text).unwrap();
        let ports = Ports { https: None, imaps: Some(993), submissions: None };
        let shown = settings(&name("example.org"), &name("mail.example.org"), ports);
        assert!(shown.contains("<domain>example.org</domain>") && shown.contains("<port>993</port>"), "{shown}");
        assert!(shown.contains("<hostname>mail.example.org</hostname>") && !shown.contains("outgoingServer"), "{shown}");
    }
}
