//! Real fences and places, from a folder of public data that is no part of the project.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use model::Position;
use spatial_index::{Shape, geojson};

use crate::around::around;
use crate::chance::{Chance, at};
use crate::work::Work;

/// Names the folder; without it, `../shared/data` is looked for.
pub const DATA_VARIABLE: &str = "STILE_DATA";

/// A folder with the public files that the real workloads are made from.
#[derive(Clone, Debug)]
pub struct RealData(PathBuf);

/// Why a real workload cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// No folder where one was expected.
    #[error("{}: no such folder; {DATA_VARIABLE} names one with the public data", .0.display())]
    Folder(PathBuf),
    /// A file of the folder.
    #[error("{}: {reason}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl RealData {
    /// The folder that is given, else that of the environment, else `shared/data` beside `root`.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn find(given: Option<&Path>, root: &Path) -> Result<Self, Missing> {
        let folder = match (given, std::env::var_os(DATA_VARIABLE)) {
            (Some(given), _) => given.to_owned(),
            (None, Some(named)) => named.into(),
            (None, None) => root.join("../shared/data"),
        };
        if folder.is_dir() { Ok(Self(folder)) } else { Err(Missing::Folder(folder)) }
    }

    /// 266 neighbourhoods of New York, and positions in and around them.
    ///
    /// # Errors
    /// The file that is missing or cannot be read.
    pub fn nyc(&self) -> Result<Work, Missing> {
        let shapes = self.fences("polygons_nyc_neighbourhoods.geojson")?;
        let positions = around(&shapes, 1 << 16, 41);
        Ok(Work { name: "nyc_real", shapes, positions, n_hits: Some(51_633) })
    }

    /// 70 neighbourhoods of Austin, and where its buses were.
    ///
    /// # Errors
    /// The file that is missing or cannot be read.
    pub fn austin(&self) -> Result<Work, Missing> {
        let shapes = self.fences("polygons_austin_neighbourhoods.geojson")?;
        let positions = self.positions("fixes_austin_bus.csv.gz")?;
        Ok(Work { name: "austin_real", shapes, positions, n_hits: Some(484_634) })
    }

    /// 3,221 counties of the United States, and positions within some kilometres of its hospitals.
    ///
    /// # Errors
    /// The file that is missing or cannot be read.
    pub fn counties(&self) -> Result<Work, Missing> {
        let shapes = self.fences("polygons_us_counties.geojson.gz")?;
        let hospitals = self.positions("hospitals_us.csv.gz")?;
        let mut chance = Chance::new(42);
        let near = |chance: &mut Chance| {
            let hospital = hospitals[chance.below(hospitals.len())];
            let lat = hospital.lat() + 0.05 * chance.bell();
            at(lat, hospital.lng() + 0.05 * chance.bell())
        };
        let positions = (0..1 << 16).map(|_| near(&mut chance)).collect();
        Ok(Work { name: "counties_real", shapes, positions, n_hits: Some(64_090) })
    }

    fn fences(&self, name: &str) -> Result<Vec<Shape>, Missing> {
        let file = self.0.join(name);
        let missing = |reason: String| Missing::File { file: file.clone(), reason };
        let bytes = read_plain(&file).map_err(|error| missing(error.to_string()))?;
        let loaded = geojson::read(&bytes, &geojson::ReadOptions::default()).map_err(|refused| {
            missing(format!("{} flaws, the first of which: {}", refused.flaws.len(), refused.flaws[0]))
        })?;
        Ok(loaded.fences.into_iter().map(|fence| fence.shape).collect())
    }

    fn positions(&self, name: &str) -> Result<Vec<Position>, Missing> {
        let file = self.0.join(name);
        let missing = |reason: String| Missing::File { file: file.clone(), reason };
        let raw = File::open(&file).map_err(|error| missing(error.to_string()))?;
        let points = wire::trace::points(raw).map_err(|error| missing(error.to_string()))?;
        points.collect::<Result<_, _>>().map_err(|error| missing(error.to_string()))
    }
}

fn read_plain(file: &Path) -> io::Result<Vec<u8>> {
    let raw = File::open(file)?;
    let mut bytes = Vec::new();
    if file.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(raw).read_to_end(&mut bytes)?;
    } else {
        (&raw).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
