//! Port 80 shows nothing: a client that came in the clear is sent to the same page over TLS.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};

use crate::{host, site::Site};

/// `308` to the same host and path (RFC 9110 §15.4.9); what names no host is not found.
pub async fn to_https(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Response {
    let (Some(host), Some(port)) = (host::host(&uri, &headers), site.ports.https) else {
        return (StatusCode::NOT_FOUND, "there is nothing here\n").into_response();
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    Redirect::permanent(&format!("https://{host}{port}{path}")).into_response()
}
