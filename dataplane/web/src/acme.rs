//! HTTP-01 (RFC 8555 §8.3): an issuer asks under a host's name for what only who ordered the certificate knows.
//!
//! It is answered for any host and never redirected: the token is the question, and it is not to be guessed. Nothing but
//! the operator's own answers is ever given, so a stranger's order finds nothing here.

use axum::{
    extract::{Path, State},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

use crate::site::Site;

/// RFC 8555 §8.3.
pub const PATH: &str = "/.well-known/acme-challenge/{token}";

/// The key authorization of a token.
pub async fn answer(State(site): State<Site>, Path(token): Path<String>) -> Response {
    match site.directory.challenge(&token).await {
        Ok(Some(answer)) => ([(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, "no-store")], answer).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "nobody here has ordered that\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "a challenge could not be answered");
            (StatusCode::SERVICE_UNAVAILABLE, "try again later\n").into_response()
        }
    }
}
