//! Asking the issuer what a token is worth (RFC 7662): for tokens that say nothing by themselves, and for those that can be taken back.

use postern_core::Secret;

use super::{
    Client, Unproven, Web, away,
    claims::{Claims, Fault},
    metadata::Metadata,
};

/// What the issuer says of an active token. Nothing is remembered, so that a token taken back opens no further session.
pub(super) async fn ask(web: &dyn Web, metadata: &Metadata, client: &Client, token: &Secret<String>) -> Result<Claims, Unproven> {
    let Some(url) = &metadata.introspection_endpoint else {
        return Err(Unproven::Away("the issuer has no introspection endpoint".to_owned()));
    };
    if token.expose().is_empty() {
        return Err(Unproven::Refused(Fault::Malformed));
    }
    let form = [("token", token.expose().as_str()), ("token_type_hint", "access_token")];
    let answer = web.post(url, client, &form).await.map_err(away)?;
    let claims = Claims::read(&answer).map_err(|_| Unproven::Away("the issuer's answer about a token cannot be read".to_owned()))?;
    // RFC 7662 §2.2: nothing but `true` is yes.
    if claims.yes("active") { Ok(claims) } else { Err(Unproven::Refused(Fault::Inactive)) }
}
