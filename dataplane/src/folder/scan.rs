//! The folder as it lies on the disk: which files are manifests, their text, and a stamp by which a change is seen.
//!
//! Always in one order and always bounded. Links are followed, for that is how Kubernetes mounts a ConfigMap: the files
//! are links into `..data`, which itself is hidden and swapped as a whole. It blocks: call it off the runtime's threads.

use std::{
    collections::HashSet,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use postern_projection::{Problem, manifest::MAX_FILE};

/// Files at most; a folder of more is a mistake, such as `/`.
const MAX_FILES: usize = 20_000;
/// Bytes of all files at most.
const MAX_BYTES: u64 = 512 << 20;
/// Folders within folders at most.
const MAX_DEPTH: usize = 32;

/// What tells one state of the folder from the next: name, inode, size and times of every manifest, and what could not be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp(Vec<(PathBuf, [i64; 6])>, usize);

/// A file that may hold manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path, as problems name it.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// The folder at one moment.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// In the order of their paths.
    pub files: Vec<File>,
    /// What could not be read. While there is one, the folder does not count as complete.
    pub problems: Vec<Problem>,
    /// The state that was read, or an earlier one: never a later.
    pub stamp: Stamp,
}

/// Reads every manifest below `root`.
#[must_use]
pub fn read(root: &Path) -> Scan {
    let mut walk = Walk::default();
    walk.root(root);
    let mut scan = Scan { stamp: walk.stamp(), problems: walk.problems, files: Vec::new() };
    for (path, metadata) in walk.found {
        let name = path.display().to_string();
        if metadata.len() > MAX_FILE as u64 {
            let message = format!("the file has {} bytes", metadata.len());
            scan.problems.push(problem(&path, message, &format!("split it: at most {MAX_FILE} bytes are read")));
            continue;
        }
        match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => scan.files.push(File { path: name, text }),
            Ok(Err(_)) => scan.problems.push(problem(&path, "is not UTF-8 text".to_owned(), "save it as UTF-8")),
            Err(error) => scan.problems.push(unreadable(&path, &error)),
        }
    }
    scan
}

/// The folder's stamp alone, without reading a file.
#[must_use]
pub fn stamp(root: &Path) -> Stamp {
    let mut walk = Walk::default();
    walk.root(root);
    walk.stamp()
}

#[derive(Default)]
struct Walk {
    found: Vec<(PathBuf, Metadata)>,
    bytes: u64,
    problems: Vec<Problem>,
    /// Folders by device and inode: a link that leads back ends there.
    seen: HashSet<(u64, u64)>,
}

impl Walk {
    fn root(&mut self, root: &Path) {
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_file() => self.found.push((root.to_owned(), metadata)),
            Ok(metadata) => self.folder(root, &metadata, 0),
            Err(error) => self.problems.push(unreadable(root, &error)),
        }
    }

    fn folder(&mut self, folder: &Path, metadata: &Metadata, depth: usize) {
        if !self.seen.insert((metadata.dev(), metadata.ino())) {
            return;
        }
        if depth > MAX_DEPTH {
            self.problems.push(problem(folder, format!("lies deeper than {MAX_DEPTH} folders"), "move it up"));
            return;
        }
        let names = fs::read_dir(folder).and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>());
        let mut paths = match names {
            Ok(paths) => paths,
            Err(error) => return self.problems.push(unreadable(folder, &error)),
        };
        paths.retain(|path| !is_hidden(path));
        paths.sort();
        for path in paths {
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.folder(&path, &metadata, depth + 1),
                Ok(metadata) if metadata.is_file() && is_manifest(&path) => self.file(path, metadata),
                Err(error) if is_manifest(&path) => self.problems.push(unreadable(&path, &error)),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn file(&mut self, path: PathBuf, metadata: Metadata) {
        self.bytes = self.bytes.saturating_add(metadata.len());
        if self.found.len() < MAX_FILES && self.bytes <= MAX_BYTES {
            self.found.push((path, metadata));
        } else if self.problems.last().is_none_or(|last| last.message != TOO_MUCH) {
            let fix = format!("name another folder: at most {MAX_FILES} files of {MAX_BYTES} bytes together are read");
            self.problems.push(problem(&path, TOO_MUCH.to_owned(), &fix));
        }
    }

    fn stamp(&self) -> Stamp {
        let state = |m: &Metadata| {
            let numbers = [m.ino(), m.len()].map(u64::cast_signed);
            [numbers[0], numbers[1], m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec()]
        };
        Stamp(self.found.iter().map(|(path, metadata)| (path.clone(), state(metadata))).collect(), self.problems.len())
    }
}

const TOO_MUCH: &str = "the folder holds too much; this file and what follows were not read";

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let fix = match error.kind() {
        io::ErrorKind::NotFound => "put it back, or remove the link to it",
        io::ErrorKind::PermissionDenied => "let the server's user read it",
        _ => "repair it, or take it out of the folder",
    };
    problem(path, format!("cannot be read: {error}"), fix)
}

fn problem(path: &Path, message: String, fix: &str) -> Problem {
    Problem { file: path.display().to_string(), line: 0, field: String::new(), message, fix: fix.to_owned(), object: None }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use postern_tests::temp::TempFolder;

    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let strip = |file: File| file.path.strip_prefix(&format!("{}/", root.display())).map(str::to_owned);
        read(root).files.into_iter().filter_map(strip).collect()
    }

    #[test]
    fn manifests_in_order_and_nothing_else() {
        let folder = TempFolder::new();
        let root = folder.path();
        fs::create_dir_all(root.join("b/deeper")).unwrap();
        for name in ["c.yml", "a.yaml", "b/deeper/d.yaml", ".hidden.yaml", "notes.txt", "a.yaml~"] {
            fs::write(root.join(name), "").unwrap();
        }
        symlink(root, root.join("b/loop")).unwrap();
        assert_eq!(names(root), ["a.yaml", "b/deeper/d.yaml", "c.yml"]);
        assert!(read(root).problems.is_empty());
    }

    #[test]
    fn a_mounted_config_map_is_read_once_and_its_swap_is_seen() {
        let folder = TempFolder::new();
        let root = folder.path();
        for version in ["..1", "..2"] {
            fs::create_dir(root.join(version)).unwrap();
            fs::write(root.join(version).join("a.yaml"), version).unwrap();
        }
        symlink("..1", root.join("..data")).unwrap();
        symlink("..data/a.yaml", root.join("a.yaml")).unwrap();
        let before = read(root);
        assert_eq!(before.files.len(), 1);
        assert_eq!(before.files[0].text, "..1");
        assert_eq!(stamp(root), before.stamp);
        symlink("..2", root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
        assert_ne!(stamp(root), before.stamp);
        assert_eq!(read(root).files[0].text, "..2");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_hides_nothing() {
        let folder = TempFolder::new();
        let root = folder.path();
        fs::write(root.join("good.yaml"), "").unwrap();
        fs::write(root.join("binary.yaml"), [0xff, 0xfe]).unwrap();
        symlink("nowhere", root.join("dangling.yaml")).unwrap();
        fs::write(root.join("large.yaml"), vec![b'#'; MAX_FILE + 1]).unwrap();
        let scan = read(root);
        assert_eq!(scan.files.len(), 1);
        let told: Vec<String> = scan.problems.iter().map(|p| p.file.rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(told, ["dangling.yaml", "binary.yaml", "large.yaml"]);
        assert_eq!(read(&root.join("missing")).problems.len(), 1);
    }
}
