//! A fence file of any size, to try loading with: `cargo run --release -p spatial-index --example geojson_fences -- 1000000 > fences.geojson`
//!
//! Every other fence is a circle, the others are polygons of 4 to 20 corners, round thirty cities of the world; no fence
//! names its time zone. The same number gives the same file.

use std::f64::consts::TAU;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Latitude and longitude.
const CITIES: [(f64, f64); 30] = [
    (30.27, -97.74),
    (40.71, -74.0),
    (51.5, -0.12),
    (52.52, 13.4),
    (48.85, 2.35),
    (35.68, 139.69),
    (-33.87, 151.2),
    (19.43, -99.13),
    (-23.55, -46.63),
    (1.35, 103.82),
    (28.61, 77.2),
    (39.9, 116.4),
    (55.75, 37.62),
    (41.0, 28.98),
    (6.52, 3.38),
    (-26.2, 28.05),
    (34.05, -118.24),
    (41.88, -87.63),
    (37.77, -122.42),
    (47.6, -122.33),
    (45.5, -73.57),
    (59.33, 18.07),
    (50.08, 14.44),
    (47.5, 19.04),
    (13.75, 100.5),
    (37.57, 126.98),
    (-34.6, -58.38),
    (24.71, 46.68),
    (64.15, -21.94),
    (-36.85, 174.76),
];

/// `SplitMix64`: small, and the same on every machine.
struct Chance(u64);

impl Chance {
    /// At least 0, below 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// About 0, mostly within 2 of it.
    fn bell(&mut self) -> f64 {
        (0..4).map(|_| self.unit()).sum::<f64>() * 1.7 - 3.4
    }
}

fn main() -> ExitCode {
    let n = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let Some(n) = n else {
        eprintln!("say how many fences");
        return ExitCode::from(64);
    };
    match write(n, BufWriter::with_capacity(1 << 20, io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("standard output: {error}");
            ExitCode::from(74)
        }
    }
}

fn write(n: usize, mut out: impl Write) -> io::Result<()> {
    let mut chance = Chance(1);
    write!(out, "{{\"type\":\"FeatureCollection\",\"features\":[")?;
    for i in 0..n {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        let (lat, lng) = CITIES[chance.below(CITIES.len())];
        let lat = lat + 1.5 * chance.bell();
        let lng = lng + 1.5 * chance.bell() / lat.to_radians().cos();
        let lng = (lng + 180.0).rem_euclid(360.0) - 180.0;
        let merchant = i % 97;
        write!(out, r#"{{"type":"Feature","id":"s{i:08}","properties":{{"merchant":"m{merchant}","#)?;
        if i % 2 == 0 {
            circle(&mut out, &mut chance, i, [lng, lat])?;
        } else {
            polygon(&mut out, &mut chance, i, [lng, lat])?;
        }
    }
    out.write_all(b"\n]}\n")?;
    out.flush()
}

fn circle(out: &mut impl Write, chance: &mut Chance, i: usize, [lng, lat]: [f64; 2]) -> io::Result<()> {
    let radius_m = 50 + chance.below(250);
    write!(
        out,
        r#""name":"Store {i}","tags":["books"],"radius_m":{radius_m}}},"geometry":{{"type":"Point","coordinates":[{lng:.6},{lat:.6}]}}}}"#
    )
}

fn polygon(out: &mut impl Write, chance: &mut Chance, i: usize, [lng, lat]: [f64; 2]) -> io::Result<()> {
    write!(out, r#""name":"Area {i}","category":"mall"}},"geometry":{{"type":"Polygon","coordinates":[["#)?;
    let n_corners = 4 + chance.below(17);
    let reach: Vec<f64> = (0..n_corners).map(|_| 0.000_5 + 0.001_5 * chance.unit()).collect();
    for corner in 0..=n_corners {
        let angle = TAU * (corner % n_corners) as f64 / n_corners as f64;
        let reach = reach[corner % n_corners];
        let x = lng + reach * angle.cos() / lat.to_radians().cos();
        let x = (x + 180.0).rem_euclid(360.0) - 180.0;
        let comma = if corner == 0 { "" } else { "," };
        write!(out, "{comma}[{x:.6},{:.6}]", lat + reach * angle.sin())?;
    }
    write!(out, "]]}}}}")
}
