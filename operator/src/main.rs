//! `postern-operator`: the process.

use std::process::ExitCode;

use clap::Parser;
use postern_operator::{
    args::{Cli, Command},
    crds, process,
};

/// A hundred thousand small objects, and memory given back when a list is read anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(args) => process::main(*args),
        Command::Crds(verb) => crds::main(verb),
    }
}
