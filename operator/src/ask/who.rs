//! Whose token a question carries: the API server says.

use async_trait::async_trait;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus};
use kube::{Api, Client, api::PostParams};

use super::AUDIENCE;

/// How the API server calls a ServiceAccount.
const PREFIX: &str = "system:serviceaccount:";

/// Who asks: somebody who may have a token of a ServiceAccount of this namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The namespace.
    pub namespace: String,
}

/// Whoever knows tokens.
#[async_trait]
pub trait Reviewer: Send + Sync {
    /// The holder of a token; `None` for one that is nobody's, has ended, or is for others.
    ///
    /// # Errors
    /// When the API server does not answer.
    async fn who(&self, token: &str) -> Result<Option<Who>, kube::Error>;
}

/// The API server of the cluster.
#[derive(Clone)]
pub struct OfCluster(pub Client);

#[async_trait]
impl Reviewer for OfCluster {
    async fn who(&self, token: &str) -> Result<Option<Who>, kube::Error> {
        let spec = TokenReviewSpec { token: token.to_owned(), audiences: Some(vec![AUDIENCE.to_owned()]) };
        let review = TokenReview { spec, ..TokenReview::default() };
        let review = Api::<TokenReview>::all(self.0.clone()).create(&PostParams::default(), &review).await?;
        Ok(review.status.as_ref().and_then(judge))
    }
}

fn judge(status: &TokenReviewStatus) -> Option<Who> {
    // A server that knows no audiences names none, and would let every token pass.
    let ours = status.audiences.iter().flatten().any(|audience| audience == AUDIENCE);
    let name = status.user.as_ref()?.username.as_deref()?;
    let (namespace, _) = name.strip_prefix(PREFIX)?.split_once(':')?;
    (status.authenticated == Some(true) && ours).then(|| Who { namespace: namespace.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(authenticated: bool, audience: &str, user: &str) -> Option<String> {
        let status = json!({"authenticated": authenticated, "audiences": [audience], "user": {"username": user}});
        judge(&serde_json::from_value(status).unwrap()).map(|who| who.namespace)
    }

    #[test]
    fn only_a_service_account_with_a_token_for_us_is_somebody() {
        let alice = "system:serviceaccount:acme:default";
        assert_eq!(judged(true, "postern", alice).as_deref(), Some("acme"));
        assert_eq!(judged(false, "postern", alice), None);
        assert_eq!(judged(true, "https://kubernetes.default.svc", alice), None);
        assert_eq!(judged(true, "postern", "alice"), None);
        assert_eq!(judged(true, "postern", "system:serviceaccount:acme"), None);
    }
}
