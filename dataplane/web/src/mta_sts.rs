//! The MTA-STS policy of a domain (RFC 8461 §3.2, §3.3), under `mta-sts.` and its name.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use postern_core::mta_sts::{Mode, Policy};
use serde::Deserialize;

use crate::{host, site::Site};

/// RFC 8461 §3.3.
pub const PATH: &str = "/.well-known/mta-sts.txt";

/// The policy of the domain whose host is asked for. An alias domain has that of its domain.
pub async fn policy(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Response {
    let none = || (StatusCode::NOT_FOUND, "there is no policy for this host\n").into_response();
    let Some(domain) = host::host(&uri, &headers).and_then(|host| host::below("mta-sts", &host)) else { return none() };
    match site.directory.domain(&domain).await {
        Ok(Some(entry)) => {
            let mx = entry.record.hosts.mail.clone().unwrap_or_else(|| site.host.clone());
            match mode(entry.record.extra.as_deref()) {
                Some(mode) => ([(CONTENT_TYPE, "text/plain")], Policy::new(mode, vec![mx]).text()).into_response(),
                None => none(),
            }
        }
        Ok(None) => none(),
        Err(error) => {
            tracing::warn!(%error, %domain, "a policy could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, "try again later\n").into_response()
        }
    }
}

/// The mode that the resource asked for.
fn mode(extra: Option<&str>) -> Option<Mode> {
    let extra: Extra = serde_json::from_str(extra?).ok()?;
    Mode::parse(&extra.dns.mta_sts.mode)
}

#[derive(Deserialize)]
struct Extra {
    dns: Dns,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dns {
    mta_sts: MtaSts,
}

#[derive(Deserialize)]
struct MtaSts {
    mode: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_the_resources() {
        assert_eq!(mode(Some(r#"{"dns":{"mtaSts":{"mode":"enforce"},"tlsRpt":true},"spam":{}}"#)), Some(Mode::Enforce));
        assert_eq!(mode(Some(r#"{"dns":{"mtaSts":{"mode":"none"}}}"#)), None, "without a policy there is none to show");
        assert_eq!(mode(Some("{}")), None);
        assert_eq!(mode(None), None);
    }
}
