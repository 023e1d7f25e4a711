//! A copy of the project in which a fault may grow, built apart and kept warm.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::plants::Plant;
use crate::tree;

/// What runs for longer found nothing.
const RUN_MAX: Duration = Duration::from_secs(30 * 60);

/// `target/plants`: the copy, what was built of it, and what its runs said.
pub(crate) struct Bed {
    root: PathBuf,
    tree: PathBuf,
    build: PathBuf,
    said: PathBuf,
}

/// What became of a run.
pub(crate) struct Run {
    /// `None` when it was ended by a signal or took too long.
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) secs: f64,
}

impl Bed {
    /// Brings the copy up to the project's files as they are now.
    pub(crate) fn lay(root: &Path) -> Result<Self, String> {
        let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let place = target.join("plants");
        let bed =
            Self { tree: place.join("tree"), build: place.join("build"), said: place.join("said"), root };
        bed.copy()
            .map_err(|error| format!("the project cannot be copied to {}: {error}", place.display()))?;
        Ok(bed)
    }

    fn copy(&self) -> std::io::Result<()> {
        fs::create_dir_all(&self.tree)?;
        fs::create_dir_all(&self.said)?;
        let paths =
            tree::kept_by_git(&self.root).ok_or_else(|| std::io::Error::other("git lists no files"))?;
        let paths: BTreeSet<String> =
            paths.into_iter().filter(|path| self.root.join(path).is_file()).collect();
        let mut found = Vec::new();
        tree::walk(&self.tree, "", &mut found)?;
        for path in found.iter().filter(|path| !paths.contains(*path)) {
            fs::remove_file(self.tree.join(path))?;
        }
        paths.iter().try_for_each(|path| self.copy_file(path))
    }

    /// A file that did not change keeps its time, so that nothing is built anew for it.
    fn copy_file(&self, path: &str) -> std::io::Result<()> {
        let (from, to) = (self.root.join(path), self.tree.join(path));
        let wanted = fs::read(from)?;
        if fs::read(&to).is_ok_and(|known| known == wanted) {
            return Ok(());
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(to, wanted)
    }

    /// Puts the fault in.
    pub(crate) fn plant(&self, plant: &Plant) -> Result<(), String> {
        let file = self.tree.join(&plant.file);
        let told = |error: std::io::Error| format!("{}: {error}", file.display());
        let text = fs::read_to_string(&file).map_err(told)?;
        fs::write(&file, plant.planted(&text)?).map_err(told)
    }

    /// Takes it out again.
    pub(crate) fn weed(&self, plant: &Plant) -> Result<(), String> {
        self.copy_file(&plant.file).map_err(|error| format!("{}: {error}", plant.file))
    }

    /// Builds what a command runs, and runs it; what it says is kept under `name`.
    pub(crate) fn run(&self, command: &str, name: &str) -> Result<Run, String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            ["simulator", ref words @ ..] => {
                self.build(&["build", "--release", "--package", "simulator"], name)?;
                let mut simulator = Command::new(self.build.join("release/simulator"));
                self.wait(simulator.args(words), name)
            }
            ["cargo", "test", ref words @ ..] => {
                let n_own = words.iter().position(|word| *word == "--").unwrap_or(words.len());
                self.build(&[&["test", "--no-run"], &words[..n_own]].concat(), name)?;
                self.wait(self.cargo().arg("test").args(words), name)
            }
            _ => Err(format!("{command}: is neither `simulator …` nor `cargo test …`")),
        }
    }

    fn build(&self, words: &[&str], name: &str) -> Result<(), String> {
        let run = self.wait(self.cargo().args(words), name)?;
        if run.code == Some(0) {
            return Ok(());
        }
        let error = run.said.lines().find(|line| line.starts_with("error")).unwrap_or("no reason given");
        Err(format!("does not build: {error}"))
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // A fault changes a line, so little has to be built anew.
        cargo.envs([("CARGO_INCREMENTAL", "1"), ("CARGO_TERM_COLOR", "never")]);
        cargo.env("CARGO_TARGET_DIR", &self.build);
        cargo
    }

    fn wait(&self, command: &mut Command, name: &str) -> Result<Run, String> {
        let file = self.said.join(format!("{name}.txt"));
        let told = |error: std::io::Error| format!("{command:?}: {error}", command = file.display());
        let out = File::create(&file).map_err(told)?;
        let err = out.try_clone().map_err(told)?;
        let began_at = Instant::now();
        command.current_dir(&self.tree).stdin(Stdio::null()).stdout(out).stderr(err);
        let mut child = command.spawn().map_err(told)?;
        let code = loop {
            match child.try_wait().map_err(told)? {
                Some(status) => break status.code(),
                None if RUN_MAX < began_at.elapsed() => {
                    child.kill().and_then(|()| child.wait()).map_err(told)?;
                    break None;
                }
                None => thread::sleep(Duration::from_millis(20)),
            }
        };
        let said = String::from_utf8_lossy(&fs::read(&file).map_err(told)?).into_owned();
        Ok(Run { code, said, secs: began_at.elapsed().as_secs_f64() })
    }
}
