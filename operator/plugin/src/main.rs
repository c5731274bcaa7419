//! `kubectl postern`: what stands in the resources, read with the user's own rights; and what only SQL knows, asked of the
//! operator, which answers for the namespace alone that the user can have a token of.

mod args;
mod ask;
mod dns;
mod status;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use kube::{Client, Config, config::KubeConfigOptions};

use args::{Args, Verb};

/// What a verb ends with: the error is printed as it is, so it says what to do.
type Done<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(text) => match io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            // `kubectl postern queue | head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Done<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
        let client = Client::try_from(Config::from_kubeconfig(&options).await?)?;
        let namespace = args.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
        match &args.verb {
            Verb::Status => status::status(&client, &args.scope(&namespace), args.output).await,
            Verb::Dns { domain, zone } => dns::dns(&client, &args.scope(&namespace), domain, *zone, args.output).await,
            Verb::Trace(trace) => ask::trace(&client, &args.desk(&namespace), trace, args.output).await,
            Verb::Queue { domain, limit } => ask::queue(&client, &args.desk(&namespace), domain.as_deref(), *limit, args.output).await,
            Verb::SendTest { to } => ask::send_test(&client, &args.desk(&namespace), to, args.output).await,
        }
    })
}
