//! Bytes read as drawings: every tape is some world, and a small change of it a small change there.

use crate::adversary::points::Point;
use crate::adversary::world::{SQUARE, on_map};
use crate::scan::Drawn;

const N_FENCES_MAX: usize = 24;
const N_POINTS_MAX: usize = 120;
const N_CORNERS_MAX: usize = 24;

/// Fences and points that some bytes stand for.
pub(crate) fn draw(bytes: &[u8]) -> (Vec<Drawn>, Vec<Point>) {
    let mut tape = Tape::new(bytes);
    let (mut fences, mut points) = (Vec::new(), Vec::new());
    while let Some(order) = tape.byte() {
        match order % 8 {
            0 if fences.len() < N_FENCES_MAX => fences.extend(tape.circle()),
            1 | 2 if fences.len() < N_FENCES_MAX => fences.extend(tape.polygons()),
            _ if points.len() < N_POINTS_MAX => points.extend(tape.place().map(|[lng, lat]| (lat, lng))),
            _ => break,
        }
    }
    // Every corner is a point too, so that there are some.
    let corners = fences.iter().filter_map(|fence| match fence {
        Drawn::Circle { lat, lng, .. } => Some((*lat, *lng)),
        Drawn::Polygons(polygons) => polygons.first()?.first()?.first().map(|&[lng, lat]| (lat, lng)),
    });
    points.extend(corners);
    (fences, points)
}

/// What is left of the bytes, and where the last places were.
struct Tape<'a> {
    bytes: &'a [u8],
    middle: [f64; 2],
    scale: f64,
    /// Whether polygons may have corners anywhere; such are slow to build, so one tape in eight may.
    is_wide: bool,
    last: [f64; 2],
}

impl<'a> Tape<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut tape = Self { bytes, middle: [0.0; 2], scale: 1.0, is_wide: false, last: [0.0; 2] };
        let at = |number: i16, most: f64| f64::from(number) / 32_767.0 * most;
        let (lng, lat) = (tape.short().unwrap_or(0), tape.short().unwrap_or(0));
        tape.middle = on_map(at(lng, 180.0), at(lat, 90.0));
        let size = tape.byte().unwrap_or(0);
        tape.is_wide = 224 <= size;
        let widest = if tape.is_wide { 60.0 } else { 2.0 };
        tape.scale = widest / 4_f64.powi(i32::from(size % 14));
        tape
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn short(&mut self) -> Option<i16> {
        Some(i16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn double(&mut self) -> Option<f64> {
        let mut bytes = [0; 8];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        let number = f64::from_le_bytes(bytes);
        let is_ordinary = number.is_finite() && (number == 0.0 || 1e-60 < number.abs());
        Some(if is_ordinary { number % 360.0 } else { 0.0 })
    }

    /// A longitude and latitude: near the middle, beside the last one, on a border of squares, anywhere.
    fn place(&mut self) -> Option<[f64; 2]> {
        let kind = self.byte()?;
        let [x, y] = match kind % 8 {
            0..3 => {
                let offset = |byte: u8| f64::from(byte.cast_signed()) / 64.0;
                let (x, y) = (offset(self.byte()?), offset(self.byte()?));
                [self.middle[0] + x * self.scale, self.middle[1] + y * self.scale]
            }
            3 => {
                let (x, y) = (f64::from(self.short()?) / 32_768.0, f64::from(self.short()?) / 32_768.0);
                [self.middle[0] + x * self.scale, self.middle[1] + y * self.scale]
            }
            4 => self.last.map(|degrees| if kind & 8 == 0 { degrees.next_up() } else { degrees.next_down() }),
            5 => {
                let size = SQUARE / 2_f64.powi(i32::from(self.byte()? % 22));
                let near = [self.last[0] / size, self.last[1] / size];
                near.map(|squares| squares.round() * size)
            }
            6 => [f64::from(self.short()?) / 100.0, f64::from(self.short()?) / 100.0],
            _ => [self.double()?, self.double()? / 4.0],
        };
        self.last = on_map(x, y);
        Some(self.last)
    }

    fn corner(&mut self) -> Option<[f64; 2]> {
        let place = self.place()?;
        let reach = [0, 1].map(|axis| (place[axis] - self.middle[axis]).abs());
        // The short way round: what lies over the antimeridian is near.
        let is_near = reach[0].min(360.0 - reach[0]).max(reach[1]) <= 4.0 * self.scale;
        Some(if is_near || self.is_wide { place } else { self.middle })
    }

    fn circle(&mut self) -> Option<Drawn> {
        let [lng, lat] = self.place()?;
        let power = f64::from(self.byte()?) / 255.0 * 5.0;
        Some(Drawn::Circle { lat, lng, radius_m: 10_f64.powf(power) })
    }

    fn polygons(&mut self) -> Option<Drawn> {
        let shape = self.byte()?;
        let (n_parts, n_rings) = (1 + shape % 2, 1 + shape / 2 % 3);
        let mut polygons = Vec::new();
        for _ in 0..n_parts {
            let mut rings = Vec::new();
            for _ in 0..n_rings {
                let n_corners = 3 + usize::from(self.byte()?) % (N_CORNERS_MAX - 2);
                rings.push((0..n_corners).map(|_| self.corner()).collect::<Option<Vec<_>>>()?);
            }
            polygons.push(rings);
        }
        Some(Drawn::Polygons(polygons))
    }
}
