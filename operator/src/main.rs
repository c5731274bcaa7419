//! `postern-operator`: the process.

fn main() {}
