//! `postern-operator`: the process.

use std::process::ExitCode;

use clap::Parser;
use postern_operator::{args::Args, process};

/// A hundred thousand small objects, and memory given back when a list is read anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    process::main(Args::parse())
}
