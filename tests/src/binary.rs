//! Where the program under test lies: beside the tests, built by the same `cargo test`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// Names a program to test as it is, instead of the one that is built here.
const VARIABLE: &str = "POSTERN_TEST_BINARY";

/// The program `postern`, up to date. `cargo test --workspace` has built it; after anything else it is built here, once.
#[must_use]
pub fn postern() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(given) = std::env::var_os(VARIABLE) {
            return given.into();
        }
        let program = profile_folder().join("postern");
        if !is_fresh(&program) {
            build();
        }
        assert!(program.is_file(), "{} is not there", program.display());
        program
    })
}

/// `target/debug` of the running test, which lies in `target/debug/deps`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.ancestors().nth(2).expect("a test lies two folders deep").to_owned()
}

/// Whether no source is newer than the program: cargo leaves the list of sources beside it.
fn is_fresh(program: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let Some(built) = changed(program) else { return false };
    let list = fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let Some((_, sources)) = list.split_once(": ") else { return false };
    sources.split_whitespace().all(|source| changed(Path::new(source)).is_some_and(|at: SystemTime| at <= built))
}

fn build() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--locked", "--package", "postern", "--bin", "postern"]);
    if profile_folder().ends_with("release") {
        build.arg("--release");
    }
    let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo");
    assert!(built.success(), "the program does not compile");
}
