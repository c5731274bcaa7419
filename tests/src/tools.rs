//! Programs that stories run: somebody else's clients and servers.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// Where a program is. Without it a story says so and is left out, except where everything must be there (`CI`).
///
/// # Panics
/// When it is missing and `CI` is set.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{program} is not installed; make install-deps");
        eprintln!("LEFT OUT: {program} is not installed; make install-deps");
    }
    found
}

/// Runs a program to its end with `input` on its standard input.
///
/// # Panics
/// When it cannot be started, or fails: then with all that it wrote.
pub fn run(command: &mut Command, input: &str) -> String {
    let output = output(command, input);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    text
}

/// The same, whatever its status.
///
/// # Panics
/// When it cannot be started.
pub fn output(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // It may end without reading.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    child.wait_with_output().expect("its end")
}
