//! `stile fences import`: one GeoJSON file from tables of stores and from other GeoJSON files.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use model::{MerchantId, Meters};
use serde_json::json;
use settings::{LawSettings, Problem, Region, SensitiveSettings};
use spatial_index::{Fence, Index, RADIUS_MAX, geojson};

use super::difference::Difference;
use super::stores::{self, ColumnNames, StoreOptions};
use crate::cli::output::Output;
use crate::cli::report::{Failure, Weight, counted, tell_problems};
use crate::fence_files::{self, FenceOptions};
use crate::machine::Clock;
use crate::sensitive::{self, InRings};

/// Makes one GeoJSON file of tables of stores and of other GeoJSON files.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Table of stores with a header, plain or gzip; repeatable
    #[arg(long = "csv", value_name = "FILE")]
    tables: Vec<PathBuf>,
    /// GeoJSON file, plain or gzip, whose fences are taken over; repeatable
    #[arg(long = "geojson", alias = "append", value_name = "FILE")]
    collections: Vec<PathBuf>,
    /// Sensitive places, as GeoJSON: fences that are there for one are refused where a law forbids them
    #[arg(long, value_name = "FILE")]
    sensitive: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Radius in metres of the circle round each store without a radius_m of its own
    #[arg(long, value_name = "METRES", value_parser = parse_radius)]
    radius: Option<Meters>,
    /// Only stores within
    #[arg(long, value_name = "LAT_MIN,LAT_MAX,LNG_MIN,LNG_MAX", allow_hyphen_values = true, value_parser = Region::parse)]
    bbox: Option<Region>,
    /// Only stores whose column holds this value; repeatable
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = parse_condition)]
    wanted: Vec<(String, String)>,
    /// Merchant of every fence that names none
    #[arg(long, value_name = "ID", value_parser = parse_merchant)]
    merchant: Option<MerchantId>,
    /// Tags that every fence gets besides its own
    #[arg(long, value_name = "TAG,…", value_delimiter = ',')]
    tags: Vec<String>,
    /// Column with the id, where its name does not tell
    #[arg(long, value_name = "COLUMN")]
    id_column: Option<String>,
    /// Column with the latitude, likewise
    #[arg(long, value_name = "COLUMN")]
    lat_column: Option<String>,
    /// Column with the longitude, likewise
    #[arg(long, value_name = "COLUMN")]
    lng_column: Option<String>,
    /// Column with the store's name, likewise
    #[arg(long, value_name = "COLUMN")]
    name_column: Option<String>,
    /// Column with the IANA time zone, likewise
    #[arg(long, value_name = "COLUMN")]
    tz_column: Option<String>,
    /// Leaves bad GeoJSON features out instead of refusing the file
    #[arg(long)]
    skip_invalid: bool,
    /// Writes even when more than a fifth of the fences in the old file change
    #[arg(long)]
    yes: bool,
    /// Prints the counts as JSON
    #[arg(long)]
    json: bool,
}

/// What was read, file by file.
#[derive(Default)]
struct Gathered {
    fences: Vec<Fence>,
    warnings: Vec<Problem>,
    told: Vec<String>,
    /// Ordinary fences in rings of sensitive places.
    n_in_rings: usize,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.tables.is_empty() && args.collections.is_empty() {
        return Err(Failure::Usage("give at least one --csv or --geojson".to_owned()));
    }
    let mut gathered = gather(args)?;
    finish(&mut gathered.fences, args);
    fence_files::fill_zones(&args.out, &mut gathered.fences)?;
    check(&gathered.fences, args)?;
    check_rings(&mut gathered, args)?;
    let difference = difference(args, &gathered.fences)?;
    report(args, &gathered, difference.as_ref());
    if let Some(difference) = &difference
        && difference.is_large()
        && !args.yes
    {
        let percent = difference.share() * 100.0;
        let reason =
            format!("would change by {percent:.0} %, and more than 20 % needs --yes; nothing was written");
        return Err(Failure::Problems(vec![Problem::of_file(&args.out, reason)]));
    }
    let mut out = Output::open(Some(&args.out))?;
    out.write_all(geojson::write(&gathered.fences).as_bytes()).map_err(|error| out.failure(error))?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn gather(args: &Args) -> Result<Gathered, Failure> {
    let mut gathered = Gathered::default();
    let mut problems = Vec::new();
    let options = FenceOptions { skip_invalid: args.skip_invalid, region: None, is_quiet: args.json };
    for file in &args.collections {
        match fence_files::load(file, options) {
            Ok(loaded) => {
                gathered.told.push(format!("{}: {}", file.display(), counted(loaded.fences.len(), "fence")));
                gathered.fences.extend(loaded.fences);
                gathered.warnings.extend(loaded.warnings);
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
    let options = store_options(args);
    for file in &args.tables {
        match stores::read(file, &options) {
            Ok(stores) => {
                let (n, left_out) = (stores.fences.len(), stores.n_left_out);
                gathered.told.push(format!(
                    "{}: {}, {left_out} rows left out",
                    file.display(),
                    counted(n, "store")
                ));
                gathered.fences.extend(stores.fences);
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() { Ok(gathered) } else { Err(Failure::Problems(problems)) }
}

fn store_options(args: &Args) -> StoreOptions {
    let columns = ColumnNames {
        id: args.id_column.clone(),
        lat: args.lat_column.clone(),
        lng: args.lng_column.clone(),
        name: args.name_column.clone(),
        tz: args.tz_column.clone(),
    };
    StoreOptions {
        radius: args.radius,
        within: args.bbox,
        wanted: args.wanted.clone(),
        columns,
        is_quiet: args.json,
    }
}

/// Fills in what the command line gives for all, and sorts.
fn finish(fences: &mut [Fence], args: &Args) {
    for fence in fences.iter_mut() {
        if fence.facts.merchant.is_none() {
            fence.facts.merchant.clone_from(&args.merchant);
        }
        fence.facts.tags.extend(args.tags.iter().flat_map(|tag| stores::split_tags(tag)));
        fence.facts.tags.sort();
        fence.facts.tags.dedup();
    }
    fences.sort_by(|a, b| a.facts.id.cmp(&b.facts.id));
}

fn check(fences: &[Fence], args: &Args) -> Result<(), Failure> {
    let out = args.out.as_path();
    let repeated = stores::repeated_ids(fences.iter());
    let mut problems: Vec<Problem> = repeated
        .into_iter()
        .map(|(id, n)| {
            Problem::of_file(out, format!("would hold the id {id:?} {n} times; an id names one fence"))
        })
        .collect();
    if fences.is_empty() && !args.yes {
        problems
            .push(Problem::of_file(out, "would hold no fence at all").with_hint("--yes, if that is meant"));
    }
    // The index has limits of its own, and here is the time to hear of them.
    if problems.is_empty()
        && let Err(error) = Index::build(fences.iter().map(|fence| fence.shape.clone()).collect())
    {
        problems.push(Problem::of_file(out, format!("cannot be matched: {error}")));
    }
    if problems.is_empty() { Ok(()) } else { Err(fence_files::shortened(out, problems).into()) }
}

/// Refuses fences that are there for a sensitive place.
fn check_rings(gathered: &mut Gathered, args: &Args) -> Result<(), Failure> {
    if args.sensitive.is_none() {
        return Ok(());
    }
    let named = SensitiveSettings { file: args.sensitive.clone(), ..SensitiveSettings::default() };
    // The rules that come with the program: an import knows no settings.
    let loaded = sensitive::load(&named, &LawSettings::default(), Clock::Wall.now())?;
    let in_rings = InRings::of(gathered.fences.iter(), &loaded.places, &args.out);
    gathered.n_in_rings = in_rings.marked.len();
    gathered.warnings.extend(loaded.warnings);
    gathered.warnings.extend(in_rings.warning(&args.out));
    if in_rings.refused.is_empty() { Ok(()) } else { Err(in_rings.refused.into()) }
}

/// What changes against the file that is there; `None` when there is none.
fn difference(args: &Args, fences: &[Fence]) -> Result<Option<Difference>, Failure> {
    let out = args.out.as_path();
    if !out.exists() {
        return Ok(None);
    }
    let options = FenceOptions { skip_invalid: true, region: None, is_quiet: args.json };
    let old = fence_files::load(out, options)?;
    // What is compared is what would be read back, or rounding would count as a change.
    let written = geojson::write(fences);
    let new = geojson::read(written.as_bytes(), &geojson::ReadOptions::default());
    let mut new = new.map_or_else(|_| fences.to_vec(), |loaded| loaded.fences);
    fence_files::fill_zones(out, &mut new)?;
    Ok(Some(Difference::between(&old.fences, &new)))
}

fn report(args: &Args, gathered: &Gathered, difference: Option<&Difference>) {
    let mut err = io::stderr().lock();
    // Whoever closed stderr does not want to hear.
    let _ = tell_problems(&mut err, &gathered.warnings, Weight::Warning, false);
    if args.json {
        let summary = json!({
            "out": args.out.display().to_string(),
            "fences": gathered.fences.len(),
            "warnings": gathered.warnings.len(),
            "in_rings": gathered.n_in_rings,
            "difference": difference.map(Difference::json),
        });
        println!("{summary}");
        return;
    }
    for line in &gathered.told {
        let _ = writeln!(err, "{line}");
    }
    let _ = writeln!(err, "{}: {}", args.out.display(), counted(gathered.fences.len(), "fence"));
    match difference {
        Some(difference) if difference.is_empty() => {
            let _ = writeln!(err, "no change against what was there");
        }
        Some(difference) => {
            let _ = writeln!(err, "{difference}");
        }
        None => {}
    }
}

fn parse_radius(text: &str) -> Result<Meters, String> {
    let radius = Meters(text.parse().map_err(|_| "is no number of metres".to_owned())?);
    if 0.0 < radius.0 && radius <= RADIUS_MAX {
        Ok(radius)
    } else {
        Err(format!("must be above 0 and at most {} metres", RADIUS_MAX.0))
    }
}

fn parse_condition(text: &str) -> Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("is not COLUMN=VALUE")?;
    Ok((column.trim().to_owned(), value.trim().to_owned()))
}

fn parse_merchant(text: &str) -> Result<MerchantId, String> {
    MerchantId::new(text).map_err(|flaw| flaw.text().to_owned())
}
