//! A fix as it goes over the wire, written without any detour through a serializer.

use model::Fix;

/// Degrees are written with seven decimals: one centimetre.
const UNITS_A_DEGREE: f64 = 1e7;

/// A fix in the whole numbers that are written, so that judges see what the server sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    taken_at_ms: i64,
    lat_e7: i64,
    lng_e7: i64,
    /// Accuracy in decimetres.
    accuracy_dm: Option<u32>,
    /// Speed in centimetres a second.
    speed_cmps: Option<u32>,
    mock: bool,
    still: bool,
}

impl Written {
    pub(crate) fn of(fix: &Fix) -> Self {
        Self {
            taken_at_ms: fix.taken_at.unix_ms(),
            lat_e7: (fix.position.lat() * UNITS_A_DEGREE).round() as i64,
            lng_e7: (fix.position.lng() * UNITS_A_DEGREE).round() as i64,
            // Zero means unknown on the wire.
            accuracy_dm: fix.accuracy.map(|accuracy| (accuracy.0 * 10.0).round() as u32).filter(|dm| 0 < *dm),
            speed_cmps: fix.speed_mps.map(|speed| (speed * 100.0).round() as u32),
            mock: fix.mock,
            still: fix.still,
        }
    }

    /// A fix with nothing but a time and a place.
    pub(crate) fn simple(taken_at_ms: i64, lat: f64, lng: f64) -> Self {
        let still = Self {
            taken_at_ms,
            lat_e7: 0,
            lng_e7: 0,
            accuracy_dm: Some(80),
            speed_cmps: Some(120),
            mock: false,
            still: false,
        };
        still.at(lat, lng)
    }

    /// The same at another time.
    pub(crate) const fn later(self, ms: i64) -> Self {
        Self { taken_at_ms: self.taken_at_ms + ms, ..self }
    }

    /// The same somewhere else.
    pub(crate) fn at(self, lat: f64, lng: f64) -> Self {
        let e7 = |degrees: f64| (degrees * UNITS_A_DEGREE).round() as i64;
        Self { lat_e7: e7(lat), lng_e7: e7(lng), ..self }
    }

    pub(crate) fn place(&self) -> (f64, f64) {
        (self.lat_e7 as f64 / UNITS_A_DEGREE, self.lng_e7 as f64 / UNITS_A_DEGREE)
    }

    /// The same for the judge.
    pub(crate) fn judged(&self) -> oracle::Fix {
        let (lat, lng) = self.place();
        oracle::Fix {
            taken_at_ms: self.taken_at_ms,
            at: oracle::Place { lat, lng },
            accuracy_m: self.accuracy_dm.map(|dm| f64::from(dm) / 10.0),
            speed_mps: self.speed_cmps.map(|cmps| f64::from(cmps) / 100.0),
            mock: self.mock,
            still: self.still,
            foreground: None,
        }
    }
}

/// Writes one message's payload: a fix, or a list of them.
pub(crate) fn write_fixes(out: &mut Vec<u8>, fixes: &[Written]) {
    if let [fix] = fixes {
        out.extend_from_slice(b"{\"v\":1,");
        return write_fields(out, fix);
    }
    out.extend_from_slice(b"{\"v\":1,\"fixes\":[");
    for (i, fix) in fixes.iter().enumerate() {
        out.extend_from_slice(if i == 0 { b"{" } else { b",{" });
        write_fields(out, fix);
    }
    out.extend_from_slice(b"]}");
}

/// Writes one line of a batch behind the names that it begins with.
pub(crate) fn write_record(out: &mut Vec<u8>, names: &[u8], fix: &Written) {
    out.extend_from_slice(names);
    out.extend_from_slice(b"\"v\":1,");
    write_fields(out, fix);
    out.push(b'\n');
}

/// The beginning of a batch's line, to be made once and used often.
pub(crate) fn names_field(customer: &str, device: &str) -> Vec<u8> {
    // Ids hold nothing that JSON would escape.
    format!("{{\"customer\":\"{customer}\",\"device\":\"{device}\",").into_bytes()
}

fn write_fields(out: &mut Vec<u8>, fix: &Written) {
    let mut line = Line::default();
    line.text(b"\"ts\":");
    line.signed(fix.taken_at_ms);
    line.text(b",\"lat\":");
    line.degrees(fix.lat_e7);
    line.text(b",\"lon\":");
    line.degrees(fix.lng_e7);
    if let Some(dm) = fix.accuracy_dm {
        line.text(b",\"acc\":");
        line.digits(u64::from(dm / 10), 1);
        line.text(b".");
        line.digits(u64::from(dm % 10), 1);
    }
    if let Some(cmps) = fix.speed_cmps {
        line.text(b",\"spd\":");
        line.digits(u64::from(cmps / 100), 1);
        line.text(b".");
        line.digits(u64::from(cmps % 100), 2);
    }
    if fix.mock {
        line.text(b",\"mock\":true");
    }
    if fix.still {
        line.text(b",\"still\":true");
    }
    line.text(b"}");
    out.extend_from_slice(&line.bytes[..line.len]);
}

/// Room for the longest fix; copied into the send buffer at once.
struct Line {
    bytes: [u8; 192],
    len: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; 192], len: 0 }
    }
}

impl Line {
    fn text(&mut self, text: &[u8]) {
        self.bytes[self.len..self.len + text.len()].copy_from_slice(text);
        self.len += text.len();
    }

    fn signed(&mut self, number: i64) {
        if number < 0 {
            self.text(b"-");
        }
        self.digits(number.unsigned_abs(), 1);
    }

    fn degrees(&mut self, e7: i64) {
        const UNITS: u64 = UNITS_A_DEGREE as u64;
        if e7 < 0 {
            self.text(b"-");
        }
        let e7 = e7.unsigned_abs();
        self.digits(e7 / UNITS, 1);
        self.text(b".");
        self.digits(e7 % UNITS, 7);
    }

    /// A number with at least so many digits.
    fn digits(&mut self, mut number: u64, n_min: usize) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while 0 < number {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.text(&digits[at.min(digits.len() - n_min)..]);
    }
}

#[cfg(test)]
mod tests {
    use model::{Meters, Position, Timestamp};

    use super::*;

    fn fix(lat: f64, lng: f64, accuracy_m: Option<f64>, speed_mps: Option<f32>) -> Fix {
        Fix {
            taken_at: Timestamp::from_unix_ms(1_763_748_000_123),
            position: Position::new(lat, lng).unwrap(),
            accuracy: accuracy_m.map(Meters),
            speed_mps,
            mock: false,
            foreground: None,
            still: false,
        }
    }

    fn text(fixes: &[Fix]) -> String {
        let mut out = Vec::new();
        write_fixes(&mut out, &fixes.iter().map(Written::of).collect::<Vec<_>>());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_fix_reads_as_its_numbers() {
        assert_eq!(
            text(&[fix(47.6097, -122.3331, Some(12.5), Some(1.4))]),
            r#"{"v":1,"ts":1763748000123,"lat":47.6097000,"lon":-122.3331000,"acc":12.5,"spd":1.40}"#
        );
        let odd = Fix { mock: true, still: true, ..fix(-0.000_000_1, 0.05, Some(200.04), Some(0.05)) };
        assert_eq!(
            text(&[odd]),
            r#"{"v":1,"ts":1763748000123,"lat":-0.0000001,"lon":0.0500000,"acc":200.0,"spd":0.05,"mock":true,"still":true}"#
        );
        assert_eq!(
            text(&[fix(1.0, 2.0, None, None), fix(90.0, -179.999_999_9, None, None)]),
            r#"{"v":1,"fixes":[{"ts":1763748000123,"lat":1.0000000,"lon":2.0000000},{"ts":1763748000123,"lat":90.0000000,"lon":-179.9999999}]}"#
        );
    }

    #[test]
    fn the_numbers_are_those_that_the_judge_sees() {
        for i in 0..20_000_i32 {
            let degrees = f64::from(i).mul_add(0.008_123_456_7, -80.0);
            let written = Written::of(&fix(degrees / 1.01, degrees, Some(7.3), None));
            let mut out = Vec::new();
            write_fixes(&mut out, &[written]);
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            let (lat, lng) = written.place();
            let near = |told: &serde_json::Value, ours: f64| (told.as_f64().unwrap() - ours).abs() < 1e-13;
            assert!(near(&read["lat"], lat) && near(&read["lon"], lng), "{read}");
        }
    }
}
