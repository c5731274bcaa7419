//! Questions to the operator, by way of the API server's proxy, with a token that proves the namespace.

use std::time::Duration;

use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};

use crate::{
    Done,
    args::{Desk, Output, Trace},
};

/// The audience of the tokens: the API server itself takes none of them.
const AUDIENCE: &str = "postern";
/// Life of a token in seconds: the shortest that the API server gives.
const LIFE: i64 = 600;
/// How often a test message is looked for, and how long.
const LOOKS: u32 = 30;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// `trace`.
pub async fn trace(client: &Client, desk: &Desk, trace: &Trace, output: Output) -> Done<String> {
    let Trace { of, dialogue, limit } = trace;
    let question = json!({"of": of, "dialogue": dialogue, "limit": limit});
    show(&ask(client, desk, "trace", &question).await??, output)
}

/// `queue`.
pub async fn queue(client: &Client, desk: &Desk, domain: Option<&str>, limit: u32, output: Output) -> Done<String> {
    show(&ask(client, desk, "queue", &json!({"domain": domain, "limit": limit})).await??, output)
}

/// `send-test`: sends, and looks until the trail tells of it.
pub async fn send_test(client: &Client, desk: &Desk, to: &str, output: Output) -> Done<String> {
    let sent = ask(client, desk, "send-test", &json!({"to": to})).await??;
    let id = sent["data"]["messageId"].as_str().unwrap_or_default().to_owned();
    eprintln!("{}", sent["data"]["reply"].as_str().unwrap_or_default());
    for _ in 0..LOOKS {
        if let Ok(found) = ask(client, desk, "trace", &json!({"of": id, "dialogue": false, "limit": 1})).await? {
            return show(&found, output);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(format!("it was taken, and the trail does not know {id} yet; try `kubectl postern trace {id}`").into())
}

/// The answer, or the operator's refusal.
async fn ask(client: &Client, desk: &Desk, question: &str, body: &Value) -> Done<Result<Value, String>> {
    let token = token(client, desk).await?;
    let Desk { namespace, service, .. } = desk;
    let path = format!("/api/v1/namespaces/{namespace}/services/http:{service}:ask/proxy/v1/{question}");
    let request = http::Request::post(path).header("content-type", "application/json").header("x-postern-token", token);
    let request = request.body(body.to_string().into_bytes())?;
    let answer: Value = client.request(request).await.map_err(|error| explain(desk, &error))?;
    Ok(match answer["refused"].as_str() {
        Some(refused) => Err(refused.to_owned()),
        None => Ok(answer),
    })
}

async fn token(client: &Client, desk: &Desk) -> Done<String> {
    let spec =
        TokenRequestSpec { audiences: Some(vec![AUDIENCE.to_owned()]), expiration_seconds: Some(LIFE), ..TokenRequestSpec::default() };
    let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
    let api: Api<ServiceAccount> = Api::namespaced(client.clone(), &desk.about);
    let given = api.create_token_request(&desk.account, &PostParams::default(), &request).await.map_err(|error| {
        format!(
            "no token of ServiceAccount {} in {}, which is what proves that its mail is yours to see: {error}",
            desk.account, desk.about
        )
    })?;
    Ok(given.status.and_then(|status| status.token).unwrap_or_default())
}

fn explain(desk: &Desk, error: &kube::Error) -> String {
    let Desk { namespace, service, .. } = desk;
    format!("the operator at {namespace}/{service} does not answer (another place is named by --operator): {error}")
}

fn show(answer: &Value, output: Output) -> Done<String> {
    Ok(match output {
        Output::Text => answer["text"].as_str().unwrap_or_default().to_owned(),
        Output::Json => serde_json::to_string_pretty(&answer["data"])? + "\n",
    })
}
