//! The `postern` binary: every role of the dataplane, and the commands that speak to a running one.

use std::process::ExitCode;

use clap::Parser;
use postern::args::Args;

/// Many small, short-lived pieces on many threads, and memory given back when sessions leave.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Args::parse().run()
}
