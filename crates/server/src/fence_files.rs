//! Fence files from disk: read, checked against the world outside the index, zones filled in.

mod bar;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use model::Position;
use settings::{Problem, Region, Settings};
use spatial_index::geojson::{self, ReadError, ReadOptions};
use spatial_index::{Fence, Shape};
use tzf_rs::EmbeddedFinder;

pub use bar::FileBar;

/// What to demand of a fence file.
#[derive(Clone, Copy, Debug, Default)]
pub struct FenceOptions {
    /// Leaves bad features out, with a warning, instead of refusing the file.
    pub skip_invalid: bool,
    /// Where the fences are expected.
    pub region: Option<Region>,
    /// Shows no progress, not even on a terminal.
    pub is_quiet: bool,
}

/// The fences of a file.
#[derive(Clone, Debug, Default)]
pub struct FenceFile {
    /// Ascending by id; every one has a time zone that the zone database knows.
    pub fences: Vec<Fence>,
    /// What was strange and did not matter enough to refuse the file.
    pub warnings: Vec<Problem>,
    /// Features that were left out.
    pub n_skipped: usize,
}

/// Most features of a file that are told one by one.
const N_TOLD_MAX: usize = 50;

/// Reads a GeoJSON file, plain or gzip, piece by piece; with a bar on a terminal.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(file: &Path, options: FenceOptions) -> Result<FenceFile, Vec<Problem>> {
    let region = options.region.map(|region| {
        let [south, north, west, east] = region.corners();
        geojson::Region { south, west, north, east }
    });
    let read_options = ReadOptions { skip_invalid: options.skip_invalid, region, ..ReadOptions::default() };
    let loaded = read(file, &read_options, options.is_quiet)?;
    let mut fences = loaded.fences;
    let mut warnings: Vec<Problem> =
        loaded.warnings.iter().map(|warning| Problem::of_file(file, warning.to_string())).collect();
    warnings.extend(loaded.skipped.iter().map(|flaw| Problem::of_file(file, format!("{flaw}; left out"))));
    fill_zones(file, &mut fences)?;
    Ok(FenceFile { fences, warnings: shortened(file, warnings), n_skipped: loaded.skipped.len() })
}

fn read(file: &Path, options: &ReadOptions, is_quiet: bool) -> Result<geojson::Loaded, Vec<Problem>> {
    let (raw, n_bytes) = open(file).map_err(|error| vec![unreadable(file, &error)])?;
    let bar = FileBar::new("reading", "fences", n_bytes, is_quiet);
    let plain = unpacked(bar.follow(raw)).map_err(|error| vec![unreadable(file, &error)])?;
    let loaded = geojson::read_from(plain, options, &mut |progress| bar.tell(progress.n_features as u64));
    loaded.map_err(|error| match error {
        ReadError::Unreadable(error) => vec![unreadable(file, &error)],
        ReadError::Refused(refused) => {
            let problems = refused.flaws.iter().map(|flaw| Problem::of_file(file, flaw.to_string()));
            shortened(file, problems.collect())
        }
    })
}

/// Opens a file, and tells its size.
///
/// # Errors
/// When it cannot be opened or is a directory.
pub fn open(file: &Path) -> io::Result<(File, u64)> {
    let raw = File::open(file)?;
    let facts = raw.metadata()?;
    if facts.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((raw, facts.len()))
}

/// What a file holds, decompressed when it is gzip, whatever its name says.
///
/// # Errors
/// When its first bytes cannot be read.
pub fn unpacked<'a>(mut raw: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = Vec::with_capacity(2);
    raw.by_ref().take(2).read_to_end(&mut head)?;
    let is_gzip = head == [0x1f, 0x8b];
    let whole = io::Cursor::new(head).chain(raw);
    if !is_gzip {
        return Ok(Box::new(whole));
    }
    let packed = io::BufReader::with_capacity(64 << 10, whole);
    Ok(Box::new(flate2::bufread::MultiGzDecoder::new(packed)))
}

/// What an I/O error means to whoever named the file.
#[must_use]
pub fn unreadable(file: &Path, error: &io::Error) -> Problem {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory, not a file".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Problem::of_file(file, reason)
}

/// The same problems; of a file that a command makes, and that is not there, with that command.
#[must_use]
pub fn with_makers(problems: Vec<Problem>, settings: &Settings) -> Vec<Problem> {
    let told = |problem: Problem| match settings.maker_of(&problem.file) {
        Some(command) if !problem.file.exists() => {
            let hint = format!("not made yet; it is made by: {command}");
            problem.with_hint(hint)
        }
        Some(_) | None => problem,
    };
    problems.into_iter().map(told).collect()
}

/// Gives every fence without a zone the one it lies in, and refuses names that are no zone.
///
/// # Errors
/// Every fence whose zone the database does not know.
pub fn fill_zones(file: &Path, fences: &mut [Fence]) -> Result<(), Vec<Problem>> {
    let mut finder = None;
    let mut problems = Vec::new();
    for fence in fences {
        let Some(zone) = &fence.facts.tz else {
            // Loading the map of zones takes a moment, and most files name theirs.
            let finder = finder.get_or_insert_with(EmbeddedFinder::new);
            let middle = middle(&fence.shape);
            let found = finder.get_tz_name(middle.lng(), middle.lat());
            fence.facts.tz = is_zone(found).then(|| found.into());
            continue;
        };
        if !is_zone(zone) {
            let reason =
                format!("the fence {:?} has the time zone {zone:?}, which is none", fence.facts.id.as_str());
            let hint = "an IANA name such as Europe/Berlin; leave it out and it is derived";
            problems.push(Problem::of_file(file, reason).with_hint(hint));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(shortened(file, problems)) }
}

/// Whether the zone database knows a name.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    name.parse::<chrono_tz::Tz>().is_ok()
}

/// The middle of a shape, near enough to tell its zone: of a circle its centre, of polygons
/// the mean of the first ring's corners.
#[must_use]
pub fn middle(shape: &Shape) -> Position {
    match shape {
        Shape::Circle { center, .. } => *center,
        Shape::Polygons(polygons) => {
            let ring = polygons.first().and_then(|polygon| polygon.rings().next()).unwrap_or_default();
            mean(&ring).expect("a polygon has a ring, and a ring has corners on the earth")
        }
    }
}

fn mean(ring: &[[f64; 2]]) -> Option<Position> {
    let first = ring.first()?[0];
    // Longitudes relative to the first corner, so that a ring over the antimeridian stays together.
    let turned = |lng: f64| (lng - first + 540.0).rem_euclid(360.0) - 180.0;
    let n = ring.len() as f64;
    let east = ring.iter().map(|corner| turned(corner[0])).sum::<f64>() / n;
    let lat = ring.iter().map(|corner| corner[1]).sum::<f64>() / n;
    let lng = (first + east + 540.0).rem_euclid(360.0) - 180.0;
    Position::new(lat.clamp(-90.0, 90.0), lng).ok()
}

/// The first problems, and a word on how many there are besides.
#[must_use]
pub fn shortened(file: &Path, mut problems: Vec<Problem>) -> Vec<Problem> {
    if N_TOLD_MAX < problems.len() {
        let n_more = problems.len() - N_TOLD_MAX;
        problems.truncate(N_TOLD_MAX);
        problems.push(Problem::of_file(file, format!("and {n_more} more of the kind")));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str, options: FenceOptions) -> Result<FenceFile, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.geojson");
        std::fs::write(&file, text).unwrap();
        load(&file, options).map_err(|problems| problems.iter().map(Problem::to_string).collect())
    }

    fn point(id: &str, properties: &str, lng: f64, lat: f64) -> String {
        format!(
            r#"{{"type":"Feature","id":"{id}","properties":{{"radius_m":100{properties}}},"geometry":{{"type":"Point","coordinates":[{lng},{lat}]}}}}"#
        )
    }

    fn collection(features: &[String]) -> String {
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    #[test]
    fn a_zone_that_is_missing_is_derived_and_one_that_is_none_refused() {
        let fences = [point("a", "", 13.4, 52.5), point("b", r#","tz":"America/Chicago""#, -97.7, 30.3)];
        let loaded = load_text(&collection(&fences), FenceOptions::default()).unwrap();
        assert_eq!(loaded.fences[0].facts.tz.as_deref(), Some("Europe/Berlin"));
        assert_eq!(loaded.fences[1].facts.tz.as_deref(), Some("America/Chicago"));
        let wrong = collection(&[point("a", r#","tz":"Mars/Olympus""#, 13.4, 52.5)]);
        let said = load_text(&wrong, FenceOptions::default()).unwrap_err();
        assert!(said[0].contains("\"a\"") && said[0].contains("Mars/Olympus"), "{said:?}");
    }

    #[test]
    fn g02_a_file_with_swapped_axes_is_refused_when_the_region_is_known() {
        let region = Region::new([30.0, 31.0, -98.5, -97.0]).ok();
        let options = FenceOptions { region, ..FenceOptions::default() };
        let right = collection(&[point("a", "", -97.7, 30.3), point("b", "", -97.8, 30.4)]);
        assert!(load_text(&right, options).unwrap().warnings.is_empty());
        let region = Region::new([40.0, 41.0, 60.0, 61.0]).ok();
        let swapped = collection(&[point("a", "", 40.5, 60.5)]);
        let said = load_text(&swapped, FenceOptions { region, ..options }).unwrap_err();
        assert!(said[0].contains("swapped"), "{said:?}");
    }

    #[test]
    fn gzip_is_read_whatever_the_name_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.geojson");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut packed, collection(&[point("a", "", 13.4, 52.5)]).as_bytes()).unwrap();
        std::fs::write(&file, packed.finish().unwrap()).unwrap();
        assert_eq!(load(&file, FenceOptions::default()).unwrap().fences.len(), 1);
    }

    #[test]
    fn c01_a_fence_file_that_is_not_there_is_told() {
        let said = load(Path::new("no/such.geojson"), FenceOptions::default()).unwrap_err();
        assert_eq!(said[0].to_string(), "no/such.geojson: does not exist");
        assert!(
            load(Path::new("."), FenceOptions::default()).unwrap_err()[0].to_string().contains("directory")
        );
    }

    #[test]
    fn the_middle_of_a_ring_over_the_antimeridian_is_near_it() {
        let middle = mean(&[[179.0, 0.0], [-179.0, 0.0], [-179.0, 1.0], [179.0, 1.0]]).unwrap();
        assert!(179.9 < middle.lng().abs() && (middle.lat() - 0.5).abs() < 1e-9);
    }
}
