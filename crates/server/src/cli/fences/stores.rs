//! Stores from a table: a circle round each row.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::Path;

use csv::StringRecord;
use model::{FenceFacts, FenceId, MerchantId, Meters, Position};
use settings::{Place, Problem, Region};
use spatial_index::{Fence, RADIUS_MAX, Shape};

use crate::fence_files::{self, FileBar, is_zone, shortened, unreadable};

/// Names of columns that are looked for when none is given, best first.
const ID: &[&str] = &["id", "fence_id", "store_id", "store_number", "facility_id", "code"];
const LAT: &[&str] = &["lat", "latitude", "y"];
const LNG: &[&str] = &["lng", "lon", "long", "longitude", "x"];
const NAME: &[&str] = &["name", "store_name", "title"];
const TZ: &[&str] = &["tz", "timezone", "time_zone"];
const MERCHANT: &[&str] = &["merchant"];
const TAGS: &[&str] = &["tags"];
const COUNTRY: &[&str] = &["country", "country_code"];
const REGION: &[&str] = &["region", "state"];
const HOURS: &[&str] = &["opening_hours"];
const RADIUS: &[&str] = &["radius_m"];

/// Largest table after decompression.
const FILE_LEN_MAX: u64 = 16 << 30;
/// As many as a fence file may hold.
const N_STORES_MAX: usize = 10_000_000;

/// What of a table becomes fences, and how.
#[derive(Clone, Debug, Default)]
pub(super) struct StoreOptions {
    /// Radius of rows that have none of their own.
    pub(super) radius: Option<Meters>,
    /// Only rows within.
    pub(super) within: Option<Region>,
    /// Only rows in which these columns hold these values.
    pub(super) wanted: Vec<(String, String)>,
    /// Columns by what they are for, where their name does not tell.
    pub(super) columns: ColumnNames,
    /// Shows no progress, not even on a terminal.
    pub(super) is_quiet: bool,
}

/// Columns that the command line names.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnNames {
    pub(super) id: Option<String>,
    pub(super) lat: Option<String>,
    pub(super) lng: Option<String>,
    pub(super) name: Option<String>,
    pub(super) tz: Option<String>,
}

/// Stores read from a table.
#[derive(Debug, Default)]
pub(super) struct Stores {
    pub(super) fences: Vec<Fence>,
    /// Rows that were not asked for.
    pub(super) n_left_out: usize,
}

/// Where each thing stands in a row.
struct Columns {
    id: usize,
    lat: usize,
    lng: usize,
    name: Option<usize>,
    tz: Option<usize>,
    merchant: Option<usize>,
    tags: Option<usize>,
    country: Option<usize>,
    region: Option<usize>,
    opening_hours: Option<usize>,
    radius: Option<usize>,
    wanted: Vec<(usize, String)>,
}

/// Reads a table with a header, plain or gzip.
pub(super) fn read(file: &Path, options: &StoreOptions) -> Result<Stores, Vec<Problem>> {
    let (raw, n_bytes) = fence_files::open(file).map_err(|error| vec![unreadable(file, &error)])?;
    let bar = FileBar::new("reading", "stores", n_bytes, options.is_quiet);
    let plain = fence_files::unpacked(bar.follow(raw)).map_err(|error| vec![unreadable(file, &error)])?;
    let mut rows = csv::ReaderBuilder::new().from_reader(plain.take(FILE_LEN_MAX));
    let broken = |error: &csv::Error| vec![Problem::of_file(file, format!("is no table: {error}"))];
    let header = rows.headers().map_err(|error| broken(&error))?.clone();
    let columns = Columns::find(&header, options).map_err(|reasons| {
        let said: Vec<Problem> = reasons.into_iter().map(|reason| Problem::of_file(file, reason)).collect();
        said
    })?;
    let mut stores = Stores::default();
    let mut problems = Vec::new();
    for row in rows.records() {
        let row = row.map_err(|error| broken(&error))?;
        match columns.store(&row, options) {
            Ok(Some(_)) if N_STORES_MAX <= stores.fences.len() => {
                return Err(vec![Problem::of_file(file, format!("has more than {N_STORES_MAX} stores"))]);
            }
            Ok(Some(fence)) => {
                stores.fences.push(fence);
                if stores.fences.len().is_multiple_of(1_000) {
                    bar.tell(stores.fences.len() as u64);
                }
            }
            Ok(None) => stores.n_left_out += 1,
            Err(reason) => {
                let mut problem = Problem::of_file(file, reason);
                problem.place = row.position().map(|at| {
                    let start = at.byte() as usize;
                    Place { line: at.line() as usize, column: 1, bytes: start..start + 1 }
                });
                problems.push(problem);
            }
        }
    }
    if rows.get_ref().limit() == 0 {
        problems.push(Problem::of_file(file, "is larger than 16 GiB"));
    }
    if problems.is_empty() { Ok(stores) } else { Err(shortened(file, problems)) }
}

impl Columns {
    fn find(header: &StringRecord, options: &StoreOptions) -> Result<Self, Vec<String>> {
        let names: HashMap<String, usize> =
            header.iter().enumerate().map(|(i, name)| (name.trim().to_lowercase(), i)).collect();
        let mut reasons = Vec::new();
        let guess = |known: &[&str]| known.iter().find_map(|name| names.get(*name).copied());
        let mut find = |given: &Option<String>, known: &[&str]| match given {
            Some(name) => {
                let found = names.get(&name.trim().to_lowercase()).copied();
                if found.is_none() {
                    reasons.push(format!("has no column {name:?}; its columns are {}", listed(header)));
                }
                found
            }
            None => guess(known),
        };
        let given = &options.columns;
        let (id, lat, lng) = (find(&given.id, ID), find(&given.lat, LAT), find(&given.lng, LNG));
        let (name, tz) = (find(&given.name, NAME), find(&given.tz, TZ));
        let wanted: Vec<(usize, String)> = options
            .wanted
            .iter()
            .filter_map(|(column, value)| Some((find(&Some(column.clone()), &[])?, value.clone())))
            .collect();
        for (found, option, known) in [(id, "id", ID), (lat, "lat", LAT), (lng, "lng", LNG)] {
            if found.is_none() && reasons.is_empty() {
                reasons.push(format!(
                    "has no column for the {option}, such as {}; name it with --{option}-column; its columns are {}",
                    known.join(", "),
                    listed(header)
                ));
            }
        }
        let (Some(id), Some(lat), Some(lng), true) = (id, lat, lng, reasons.is_empty()) else {
            return Err(reasons);
        };
        Ok(Self {
            id,
            lat,
            lng,
            name,
            tz,
            merchant: guess(MERCHANT),
            tags: guess(TAGS),
            country: guess(COUNTRY),
            region: guess(REGION),
            opening_hours: guess(HOURS),
            radius: guess(RADIUS),
            wanted,
        })
    }

    /// The fence of a row; `None` when it was not asked for; the reason when it is none.
    fn store(&self, row: &StringRecord, options: &StoreOptions) -> Result<Option<Fence>, String> {
        let is_wanted = self
            .wanted
            .iter()
            .all(|(column, value)| row.get(*column).is_some_and(|cell| cell.trim() == value));
        if !is_wanted {
            return Ok(None);
        }
        let center = self.center(row)?;
        if options.within.is_some_and(|region| !region.contains(center)) {
            return Ok(None);
        }
        let radius = self.radius(row, options)?;
        let id = cell(row, Some(self.id)).unwrap_or_default();
        let id = FenceId::new(id).map_err(|flaw| format!("the id {id:?} {}", flaw.text()))?;
        let facts = self.facts(row, id, radius)?;
        Ok(Some(Fence { facts, shape: Shape::Circle { center, radius } }))
    }

    fn center(&self, row: &StringRecord) -> Result<Position, String> {
        let number = |column, name| {
            let text = cell(row, Some(column)).ok_or_else(|| format!("the {name} is empty"))?;
            text.parse::<f64>().map_err(|_| format!("the {name} is no number"))
        };
        let (lat, lng) = (number(self.lat, "latitude")?, number(self.lng, "longitude")?);
        Position::new(lat, lng)
            .map_err(|_| "latitude or longitude is out of range, or they are swapped".to_owned())
    }

    fn radius(&self, row: &StringRecord, options: &StoreOptions) -> Result<Meters, String> {
        let radius = match cell(row, self.radius) {
            Some(text) => Meters(text.parse().map_err(|_| "radius_m is no number".to_owned())?),
            None => options.radius.ok_or("has no radius_m of its own; give one for all with --radius")?,
        };
        if 0.0 < radius.0 && radius <= RADIUS_MAX {
            return Ok(radius);
        }
        Err(format!("the radius is {} m; it must be above 0 and at most {}", radius.0, RADIUS_MAX.0))
    }

    fn facts(&self, row: &StringRecord, id: FenceId, radius: Meters) -> Result<FenceFacts, String> {
        let merchant = match cell(row, self.merchant) {
            Some(text) => {
                Some(MerchantId::new(text).map_err(|flaw| format!("the merchant {text:?} {}", flaw.text()))?)
            }
            None => None,
        };
        let tz = cell(row, self.tz);
        if let Some(name) = tz
            && !is_zone(name)
        {
            return Err(format!("the time zone {name:?} is none"));
        }
        let country = cell(row, self.country).filter(|text| text.len() == 2).map(str::to_uppercase);
        let mut tags: Vec<Box<str>> = split_tags(cell(row, self.tags).unwrap_or_default());
        tags.sort();
        tags.dedup();
        Ok(FenceFacts {
            name: cell(row, self.name).unwrap_or(id.as_str()).into(),
            id,
            merchant,
            tags,
            tz: tz.map(Into::into),
            region: cell(row, self.region).and_then(|region| subdivision(country.as_deref(), region)),
            country: country.map(Into::into),
            opening_hours: cell(row, self.opening_hours).map(Into::into),
            radius,
        })
    }
}

/// Tags between `;`, `|` or `,`.
pub(super) fn split_tags(text: &str) -> Vec<Box<str>> {
    text.split([';', '|', ',']).map(str::trim).filter(|tag| !tag.is_empty()).map(Into::into).collect()
}

/// ISO 3166-2 from a table that writes the second half only, as most do.
fn subdivision(country: Option<&str>, region: &str) -> Option<Box<str>> {
    let is_short = region.len() <= 3 && region.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match country {
        Some(country) if is_short => Some(format!("{country}-{}", region.to_uppercase()).into()),
        Some(country) if region.starts_with(&format!("{country}-")) => Some(region.into()),
        Some(_) | None => None,
    }
}

/// A cell that says something.
fn cell(row: &StringRecord, column: Option<usize>) -> Option<&str> {
    row.get(column?).map(str::trim).filter(|text| !text.is_empty())
}

fn listed(header: &StringRecord) -> String {
    header.iter().collect::<Vec<_>>().join(", ")
}

/// Ids that stand more than once, with how often.
pub(super) fn repeated_ids<'a>(fences: impl Iterator<Item = &'a Fence>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for fence in fences {
        *counts.entry(fence.facts.id.as_str()).or_insert(0) += 1;
    }
    counts.retain(|_, n| 1 < *n);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, options: &StoreOptions) -> Result<Stores, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stores.csv");
        std::fs::write(&file, text).unwrap();
        read(&file, options).map_err(|problems| problems.iter().map(Problem::to_string).collect())
    }

    fn within_150_m() -> StoreOptions {
        StoreOptions { radius: Some(Meters(150.0)), ..StoreOptions::default() }
    }

    #[test]
    fn columns_are_found_by_their_usual_names() {
        let table = "Store_ID,Name,Latitude,Lon,country,region,tz,tags\n7,\"A, b\",30.1,-97.5,us,TX,America/Chicago,b;a\n";
        let stores = read_text(table, &within_150_m()).unwrap();
        let facts = &stores.fences[0].facts;
        assert_eq!((facts.id.as_str(), &*facts.name), ("7", "A, b"));
        assert_eq!((facts.country.as_deref(), facts.region.as_deref()), (Some("US"), Some("US-TX")));
        assert_eq!(facts.tags, ["a".into(), "b".into()]);
        assert_eq!(facts.radius, Meters(150.0));
    }

    #[test]
    fn only_rows_that_were_asked_for_become_fences() {
        let table = "id,lat,lng,state\na,30.1,-97.5,TX\nb,30.1,-97.5,NM\nc,40.0,-97.5,TX\n";
        let mut options = within_150_m();
        options.wanted = vec![("STATE".to_owned(), "TX".to_owned())];
        options.within = Region::new([30.0, 31.0, -98.0, -97.0]).ok();
        let stores = read_text(table, &options).unwrap();
        assert_eq!(stores.fences.iter().map(|fence| fence.facts.id.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(stores.n_left_out, 2);
    }

    #[test]
    fn every_bad_row_is_told_with_its_line() {
        let table = "id,lat,lng,tz\na,91,0,\nb,,0,\nc,1,x,\nd,1,1,Mars/Olympus\n,1,1,\nf,1,1,\n";
        let said = read_text(table, &within_150_m()).unwrap_err();
        let expected = [
            "stores.csv:2:1: latitude or longitude is out",
            "stores.csv:3:1: the latitude is empty",
            "stores.csv:4:1: the longitude is no number",
            "stores.csv:5:1: the time zone",
            "stores.csv:6:1: the id \"\" is empty",
        ];
        assert_eq!(said.len(), expected.len(), "{said:?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn a_missing_column_is_told_with_the_columns_that_there_are() {
        let said = read_text("shop,lat,lng\n", &within_150_m()).unwrap_err();
        assert!(said[0].contains("--id-column") && said[0].contains("shop, lat, lng"), "{said:?}");
        let mut options = within_150_m();
        options.columns.id = Some("shoppe".to_owned());
        let said = read_text("shop,lat,lng\n", &options).unwrap_err();
        assert!(said[0].contains("has no column \"shoppe\""), "{said:?}");
    }

    #[test]
    fn g07_a_circle_needs_a_sensible_radius() {
        let said = read_text("id,lat,lng\na,1,1\n", &StoreOptions::default()).unwrap_err();
        assert!(said[0].contains("--radius"), "{said:?}");
        let said =
            read_text("id,lat,lng,radius_m\na,1,1,-5\nb,1,1,1e9\nc,1,1,nan\n", &within_150_m()).unwrap_err();
        assert_eq!(said.len(), 3, "{said:?}");
    }
}
