//! The project's files, read once.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Text files of the project by path, relative to the root and with `/` between.
#[derive(Debug, Default)]
pub struct Tree {
    files: Vec<(String, String)>,
}

/// Largest text file looked at; more is data.
const FILE_LEN_MAX: u64 = 4 << 20;

impl Tree {
    /// The files that git would keep; without git, all but what builds and runs leave behind.
    ///
    /// # Errors
    /// A sentence when the folder cannot be read.
    pub fn read(root: &Path) -> Result<Self, String> {
        let paths = match kept_by_git(root) {
            Some(paths) => paths,
            None => {
                let mut paths = Vec::new();
                walk(root, "", &mut paths)
                    .map_err(|error| format!("the project's files cannot be listed: {error}"))?;
                paths
            }
        };
        let read = |path: String| {
            let file = root.join(&path);
            let is_small =
                fs::metadata(&file).is_ok_and(|facts| facts.is_file() && facts.len() <= FILE_LEN_MAX);
            let text = is_small.then(|| fs::read_to_string(&file).ok()).flatten()?;
            Some((path, text))
        };
        let mut files: Vec<(String, String)> = paths.into_iter().filter_map(read).collect();
        files.sort();
        files.dedup();
        Ok(Self { files })
    }

    /// A tree from paths and texts, for trying out the rules.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect() }
    }

    /// How many files there are.
    #[must_use]
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust sources that are not tests, benches or examples.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_source =
            |path: &str| path.ends_with(".rs") && (path.contains("/src/") || path.starts_with("src/"));
        self.files().filter(move |(path, _)| is_source(path))
    }
}

pub(crate) fn kept_by_git(root: &Path) -> Option<Vec<String>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").arg("-C").arg(root).args(list).output().ok()?;
    let paths = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = paths.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

pub(crate) fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.file_type()?.is_dir() {
            if !matches!(path.as_str(), "target" | "data" | ".git") {
                walk(root, &path, paths)?;
            }
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
