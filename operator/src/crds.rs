//! `postern-operator crds`: brings the definitions into a cluster. The Job of an upgrade runs it; the operator itself has no right to.

use std::{io::Write, process::ExitCode, time::Duration};

use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    runtime::{conditions, wait::await_condition},
};
use postern_crds::k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use crate::args::Crds;

/// Who owns the fields of a definition. Helm's own first install leaves them to whoever comes next.
const MANAGER: &str = "postern-crds";
/// How long the API server may take to serve a definition.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is wrong.
type Done = Result<(), Box<dyn std::error::Error>>;

/// Does what was asked.
#[must_use]
pub fn main(verb: Crds) -> ExitCode {
    let done = match verb {
        Crds::Print => print(),
        Crds::Apply => {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(Into::into).and_then(|runtime| {
                runtime.block_on(async {
                    let client = Client::try_default().await?;
                    apply(&client).await
                })
            })
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn print() -> Done {
    let mut out = std::io::stdout().lock();
    for crd in postern_crds::all() {
        writeln!(out, "---\n{}", postern_crds::to_yaml(&crd)?)?;
    }
    Ok(())
}

/// Applies every definition and waits until the API server serves it.
///
/// # Errors
/// As the API server says; a definition that it does not establish in time.
pub async fn apply(client: &Client) -> Done {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for crd in postern_crds::all() {
        let name = crd.metadata.name.clone().unwrap_or_default();
        api.patch(&name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&crd)).await?;
        let established = await_condition(api.clone(), &name, conditions::is_crd_established());
        tokio::time::timeout(PATIENCE, established).await.map_err(|_| format!("{name} is applied and not served yet"))??;
        println!("{name} is served");
    }
    Ok(())
}
