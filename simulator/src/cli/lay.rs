//! `simulator lay`: the fences and offers of a world, as files that a server loads.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use model::StableHasher;
use spatial_index::geojson::{self, ReadOptions};

use crate::cli::Failure;
use crate::world::{Talk, World, WorldPlan};

#[derive(Debug, Args)]
pub(crate) struct LayArgs {
    /// How many fences
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_FENCES, conflicts_with = "around")]
    fences: u32,
    /// How many merchants share them, 1 to 6
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_MERCHANTS, conflicts_with = "around")]
    merchants: u32,
    /// Another seed is another town; the run against the server needs the same one
    #[arg(long, value_name = "N", default_value_t = WorldPlan::LOAD_SEED)]
    seed: u64,
    /// When merchants speak
    #[arg(long, value_enum, default_value_t = Spoken::Enter)]
    offers: Spoken,
    /// A GeoJSON file to take the fences from, instead of a made-up town
    #[arg(long, value_name = "FILE")]
    around: Option<PathBuf>,
    /// Where fences.geojson and offers.toml go
    #[arg(long, value_name = "DIR", default_value = "target/load")]
    out: PathBuf,
    /// Replace files there that were not laid by this command, or were changed since
    #[arg(long)]
    replace: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Spoken {
    /// To everybody who comes in
    Enter,
    /// On entering, after a stay and on leaving, by merchant
    Mixed,
}

/// Where it is noted what was laid, so that it may be laid anew.
const NOTE: &str = "laid.txt";

/// Runs it.
///
/// # Errors
/// A town that cannot be, a file that cannot be read or written, or that somebody else made.
pub(crate) fn run(args: &LayArgs) -> Result<ExitCode, Failure> {
    let world = world(args).map_err(Failure::Usage)?;
    let files = [("fences.geojson", world.geojson()), ("offers.toml", world.offers_toml())];
    lay(&args.out, &files, args.replace).map_err(Failure::Usage)?;
    println!(
        "laid {} fences of {} merchants and {} offers in {}",
        world.fences().len(),
        world.town.merchants().len(),
        world.offers().len(),
        args.out.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn world(args: &LayArgs) -> Result<World, String> {
    let talk = match args.offers {
        Spoken::Enter => Talk::OnEnter,
        Spoken::Mixed => Talk::Mixed,
    };
    // Nobody has to live there yet.
    let load = WorldPlan::load(args.seed, 1, args.fences);
    let plan = WorldPlan { n_merchants: args.merchants, talk, ..load };
    laid_or_around(&plan, args.around.as_deref())
}

/// A made-up town, or one around the fences of a file.
pub(super) fn laid_or_around(plan: &WorldPlan, around: Option<&Path>) -> Result<World, String> {
    let Some(file) = around else { return World::lay(plan) };
    let shown = file.display();
    let bytes = fs::read(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let loaded =
        geojson::read(&bytes, &ReadOptions::default()).map_err(|refused| format!("{shown}: {refused}"))?;
    World::around(loaded.fences, plan)
}

/// Writes the files and a note of them; all or, where one of them is not ours, none.
fn lay(dir: &Path, files: &[(&str, String)], replace: bool) -> Result<(), String> {
    let failed =
        |what: &str, file: &Path, error: std::io::Error| format!("cannot {what} {}: {error}", file.display());
    let note = fs::read_to_string(dir.join(NOTE)).unwrap_or_default();
    for (name, _) in files {
        let file = dir.join(name);
        let Ok(before) = fs::read(&file) else { continue };
        if !replace && !note.lines().any(|line| line == noted(name, &before)) {
            return Err(format!(
                "{} was not laid by this command, or was changed since; \
                 name another --out, or add --replace",
                file.display()
            ));
        }
    }
    fs::create_dir_all(dir).map_err(|error| failed("make", dir, error))?;
    let mut note = String::new();
    for (name, text) in files {
        writeln!(note, "{}", noted(name, text.as_bytes())).expect("a string takes what it is given");
    }
    // The note goes first: whatever of it is there after a crash may be replaced.
    for (name, text) in [(NOTE, &note)].into_iter().chain(files.iter().map(|(name, text)| (*name, text))) {
        let (file, fresh) = (dir.join(name), dir.join(format!("{name}.new")));
        fs::write(&fresh, text).map_err(|error| failed("write", &fresh, error))?;
        fs::rename(&fresh, &file).map_err(|error| failed("write", &file, error))?;
    }
    Ok(())
}

/// A line of the note.
fn noted(name: &str, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    format!("{}  {name}", StableHasher::new("stile simulator laid").text(&text).finish())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use engine::House;
    use settings::OffersFile;

    use super::*;

    fn args(out: &Path) -> LayArgs {
        LayArgs {
            fences: 300,
            merchants: 3,
            seed: 7,
            offers: Spoken::Mixed,
            around: None,
            out: out.to_owned(),
            replace: false,
        }
    }

    fn told(ran: Result<ExitCode, Failure>) -> String {
        match ran {
            Ok(_) => String::new(),
            Err(Failure::Usage(why) | Failure::Unreachable(why)) => why,
        }
    }

    /// What a server would load, and the fences as text.
    fn load(dir: &Path) -> (House, Vec<u8>) {
        let bytes = fs::read(dir.join("fences.geojson")).unwrap();
        let loaded = geojson::read(&bytes, &ReadOptions::default()).unwrap();
        assert!(loaded.warnings.is_empty());
        let Ok(offers) = OffersFile::load(&dir.join("offers.toml")) else { panic!("bad offers") };
        let facts: Vec<_> = loaded.fences.iter().map(|fence| fence.facts.clone()).collect();
        assert!(offers.check_fences(&facts).is_empty());
        (House::new(loaded.fences, offers.catalogue()).unwrap(), bytes)
    }

    #[test]
    fn a_server_takes_what_is_laid_and_it_is_the_same_every_time() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        assert_eq!(told(run(&args(&a))) + &told(run(&args(&b))), "");
        assert_eq!(load(&a).1, load(&b).1);
        let offers = |dir: &Path| fs::read(dir.join("offers.toml")).unwrap();
        assert_eq!(offers(&a), offers(&b));
        assert_eq!(told(run(&LayArgs { seed: 8, ..args(&a) })), "", "its own files it may replace");
        assert_ne!(load(&a).1, load(&b).1);
    }

    #[test]
    fn files_of_somebody_else_stay() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(told(run(&args(dir.path()))), "");
        let offers = dir.path().join("offers.toml");
        let edited = fs::read_to_string(&offers).unwrap() + "\n# mine\n";
        fs::write(&offers, &edited).unwrap();
        let (_, fences) = load(dir.path());
        let refused = told(run(&LayArgs { seed: 9, ..args(dir.path()) }));
        assert!(refused.contains("offers.toml") && refused.contains("--replace"), "{refused}");
        assert_eq!((fs::read_to_string(&offers).unwrap(), load(dir.path()).1), (edited, fences));
        assert_eq!(told(run(&LayArgs { replace: true, ..args(dir.path()) })), "");
    }

    #[test]
    fn fences_of_a_file_are_laid_with_what_they_lack() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.geojson");
        fs::write(
            &file,
            r#"{"type": "FeatureCollection", "features": [
                {"type": "Feature", "id": "b", "properties": {"radius_m": 80, "merchant": "coffee"},
                 "geometry": {"type": "Point", "coordinates": [11.5, 48.1]}},
                {"type": "Feature", "id": "a", "properties": {},
                 "geometry": {"type": "Polygon", "coordinates":
                    [[[11.51, 48.1], [11.52, 48.1], [11.52, 48.11], [11.51, 48.1]]]}}
            ]}"#,
        )
        .unwrap();
        let out = dir.path().join("out");
        assert_eq!(told(run(&LayArgs { around: Some(file), ..args(&out) })), "");
        let (_, fences) = load(&out);
        assert_eq!(geojson::read(&fences, &ReadOptions::default()).unwrap().fences.len(), 2);
        let missing = LayArgs { around: Some(dir.path().join("nowhere")), ..args(&out) };
        assert!(told(run(&missing)).contains("nowhere"));
    }

    #[test]
    fn a_town_that_cannot_be_is_refused_with_a_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let refused = told(run(&LayArgs { fences: 3, ..args(dir.path()) }));
        assert!(refused.contains("stores"), "{refused}");
        assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
    }
}
