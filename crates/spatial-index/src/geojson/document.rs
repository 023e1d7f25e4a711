//! The file as a whole: is it a FeatureCollection, and where are its features?
//!
//! Features are cut off one by one and read alone, so that one which holds nonsense refuses
//! itself and not the file, and only one of them at a time is in memory as text. The members
//! of the collection may stand in any order; of one that stands twice the last counts.

use std::borrow::Cow;

use serde::de::Deserialize as _;
use serde_json::Value;
use serde_json::value::RawValue;

use super::flaw::cut;
use super::gathering::Gathering;
use super::options::Limits;
use super::reason::{Lookalike, Reason};
use super::source::{Source, Stop, value_len};
use super::{Progress, plain};

/// Reads the features of a file.
pub(super) struct Document<'r> {
    source: Source<'r>,
    limits: Limits,
    progress: &'r mut dyn FnMut(Progress),
    n_bytes_told: u64,
}

/// What was found of the collection besides its features.
#[derive(Default)]
struct Members {
    kind: Option<String>,
    crs: Option<Value>,
    has_features: bool,
}

impl<'r> Document<'r> {
    pub(super) fn new(source: Source<'r>, limits: Limits, progress: &'r mut dyn FnMut(Progress)) -> Self {
        Self { source, limits, progress, n_bytes_told: 0 }
    }

    /// Gathers every feature, to the end of the file.
    pub(super) fn read(mut self, gathering: &mut Gathering) -> Result<(), Stop> {
        if self.source.peek()? != Some(b'{') {
            self.skip_value()?;
            self.expect_end()?;
            return Err(Reason::NotACollection(Lookalike::OtherJson).into());
        }
        let mut members = Members::default();
        self.source.consume(1);
        let mut is_first = true;
        while self.goes_on(b'}', is_first)? {
            is_first = false;
            let key = self.key()?;
            self.member(&key, &mut members, gathering)?;
        }
        self.expect_end()?;
        check_type(members.kind.as_deref())?;
        check_crs(&members.crs.unwrap_or_default())?;
        if members.has_features { Ok(()) } else { Err(Reason::NoFeatures.into()) }
    }

    fn member(&mut self, key: &str, members: &mut Members, gathering: &mut Gathering) -> Result<(), Stop> {
        match key {
            "type" => members.kind = self.small_value()?.as_str().map(str::to_owned),
            "crs" => members.crs = Some(self.small_value()?),
            "features" => {
                gathering.begin();
                members.has_features = self.source.peek()? == Some(b'[');
                if members.has_features { self.features(gathering) } else { self.skip_value() }?;
            }
            _ => self.skip_value()?,
        }
        Ok(())
    }

    fn features(&mut self, gathering: &mut Gathering) -> Result<(), Stop> {
        self.source.consume(1);
        let mut is_first = true;
        while self.goes_on(b']', is_first)? {
            is_first = false;
            let n = self.value_len()?;
            // The short way keeps nothing but facts.
            let is_short = !gathering.asks_for_extras();
            match is_short.then(|| plain::read(self.source.text(n), &self.limits)).flatten() {
                Some(found) => gathering.take(found)?,
                None => {
                    let n = self.check_value(n)?;
                    gathering.read(&without_literals(self.source.text(n)))?;
                }
            }
            self.source.consume(n);
            self.tell(gathering.n_features());
        }
        Ok(())
    }

    /// Once for every piece of the file.
    fn tell(&mut self, n_features: usize) {
        if self.n_bytes_told < self.source.n_bytes() {
            self.n_bytes_told = self.source.n_bytes();
            (self.progress)(Progress { n_bytes: self.n_bytes_told, n_features });
        }
    }

    /// Whether another member of an object or a list follows; its end is consumed.
    fn goes_on(&mut self, end: u8, is_first: bool) -> Result<bool, Stop> {
        let is_object = end == b'}';
        match self.source.peek()? {
            None => return Err(self.broken(if is_object { EOF_IN_OBJECT } else { EOF_IN_LIST })),
            Some(byte) if byte == end => {
                self.source.consume(1);
                return Ok(false);
            }
            Some(b',') if !is_first => self.source.consume(1),
            Some(_) if is_first => {}
            Some(_) if is_object => return Err(self.broken("expected `,` or `}`")),
            Some(_) => return Err(self.broken("expected `,` or `]`")),
        }
        match self.source.peek()? {
            None => Err(self.broken(EOF_IN_VALUE)),
            Some(b'"') => Ok(true),
            Some(b'}') if is_object => Err(self.broken("trailing comma")),
            Some(_) if is_object => Err(self.broken("key must be a string")),
            Some(_) => Ok(true),
        }
    }

    fn key(&mut self) -> Result<String, Stop> {
        let n = self.value_len()?;
        let rest = self.source.text(self.source.rest().len());
        let mut parser = serde_json::Deserializer::from_str(rest);
        let key = String::deserialize(&mut parser).map_err(|error| self.syntax(&error))?;
        self.source.consume(n);
        match self.source.peek()? {
            Some(b':') => self.source.consume(1),
            Some(_) => return Err(self.broken("expected `:`")),
            None => return Err(self.broken(EOF_IN_OBJECT)),
        }
        match self.source.peek()? {
            Some(_) => Ok(key),
            None => Err(self.broken(EOF_IN_VALUE)),
        }
    }

    /// A value that decides about the file; null when it holds what none can be.
    fn small_value(&mut self) -> Result<Value, Stop> {
        let n = self.value_len()?;
        let n = self.check_value(n)?;
        let value = serde_json::from_str(&without_literals(self.source.text(n))).unwrap_or_default();
        self.source.consume(n);
        Ok(value)
    }

    fn skip_value(&mut self) -> Result<(), Stop> {
        let n = self.value_len()?;
        let n = self.check_value(n)?;
        self.source.consume(n);
        Ok(())
    }

    /// The length of the value that follows, as far as counting brackets tells.
    fn value_len(&mut self) -> Result<usize, Stop> {
        let n = value_len(&mut self.source)?;
        let max = self.limits.feature_bytes_max;
        if max < n {
            // What is broken may seem to have no end.
            self.check_value(n)?;
            return Err(Reason::OverLimit { limit: "feature_bytes_max", max }.into());
        }
        Ok(n)
    }

    /// Refuses the file when the next `n` bytes begin with no value; else says how many are one.
    fn check_value(&self, n: usize) -> Result<usize, Stop> {
        let max = self.limits.feature_bytes_max;
        let text = self.source.text(n);
        let cleaned = without_literals(text);
        // A parser that sees what follows says better what is wrong.
        let seen = match &cleaned {
            Cow::Borrowed(_) => self.source.text(self.source.rest().len()),
            Cow::Owned(cleaned) => cleaned,
        };
        let mut parser = serde_json::Deserializer::from_str(seen);
        match <&RawValue>::deserialize(&mut parser) {
            Ok(value) if matches!(cleaned, Cow::Borrowed(_)) => Ok(value.get().len()),
            Ok(_) => Ok(n),
            Err(error) if error.is_eof() && max < n => {
                Err(Reason::OverLimit { limit: "feature_bytes_max", max }.into())
            }
            Err(error) => Err(self.syntax(&error)),
        }
    }

    fn expect_end(&mut self) -> Result<(), Stop> {
        match self.source.peek()? {
            None => Ok(()),
            Some(_) => Err(self.broken("trailing characters")),
        }
    }

    /// The next byte should not stand there.
    fn broken(&self, message: &str) -> Stop {
        let n_seen = self.source.rest().len().min(1);
        let (line, column) = self.source.place_after(0);
        Reason::Syntax { line, column: column + n_seen, message: message.to_owned() }.into()
    }

    /// What a parser says of the text that begins here.
    fn syntax(&self, error: &serde_json::Error) -> Stop {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        let (line, n_before) = self.source.place_after(0);
        let column = if error.line() <= 1 { n_before + error.column() } else { error.column() };
        Reason::Syntax { line: line + error.line().saturating_sub(1), column, message }.into()
    }
}

const EOF_IN_OBJECT: &str = "EOF while parsing an object";
const EOF_IN_LIST: &str = "EOF while parsing a list";
const EOF_IN_VALUE: &str = "EOF while parsing a value";

fn check_type(kind: Option<&str>) -> Result<(), Reason> {
    let lookalike = match kind {
        Some("FeatureCollection") => return Ok(()),
        Some("Topology") => Lookalike::TopoJson,
        Some("Feature") => Lookalike::Feature,
        Some(
            "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon"
            | "GeometryCollection",
        ) => Lookalike::Geometry,
        Some(_) | None => Lookalike::OtherObject,
    };
    Err(Reason::NotACollection(lookalike))
}

/// Old GeoJSON may name a coordinate system; only the names of WGS 84 degrees pass.
fn check_crs(crs: &Value) -> Result<(), Reason> {
    if crs.is_null() {
        return Ok(());
    }
    let name = crs.pointer("/properties/name").or_else(|| crs.pointer("/properties/code"));
    let name =
        name.map_or_else(|| crs.to_string(), |name| name.as_str().map_or(name.to_string(), str::to_owned));
    let upper = name.to_ascii_uppercase();
    let is_wgs84 = upper.ends_with("CRS84") || upper.ends_with(":4326") || upper == "4326";
    if is_wgs84 { Ok(()) } else { Err(Reason::NotWgs84 { crs: cut(&name) }) }
}

/// Writes `null` for `NaN`, `Infinity` and `-Infinity` outside of strings.
fn without_literals(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    // Every second piece between unescaped quotes is a string.
    let mut in_string = false;
    for piece in quoted_pieces(text) {
        if in_string {
            clean.push_str(piece);
        } else {
            clean.push_str(
                &piece.replace("-Infinity", "null").replace("Infinity", "null").replace("NaN", "null"),
            );
        }
        in_string = !in_string;
    }
    Cow::Owned(clean)
}

/// Splits before and after each string literal: outside, string with its quotes, outside, ...
fn quoted_pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut in_string, mut is_escaped) = (0, false, false);
    for (i, byte) in text.bytes().enumerate() {
        match (in_string, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (true, b'"') => {
                pieces.push(&text[start..=i]);
                (start, in_string) = (i + 1, false);
            }
            (false, b'"') => {
                pieces.push(&text[start..i]);
                (start, in_string) = (i, true);
            }
            (true | false, _) => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_become_null_outside_of_strings_only() {
        let text = r#"{"NaN":[NaN,-Infinity,Infinity,1],"a\"NaN":"Infinity \\"}"#;
        assert_eq!(without_literals(text), r#"{"NaN":[null,null,null,1],"a\"NaN":"Infinity \\"}"#);
    }

    #[test]
    fn the_names_of_wgs84_pass() {
        let check = |crs: &str| check_crs(&serde_json::from_str(crs).unwrap());
        for name in ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"] {
            assert_eq!(check(&format!(r#"{{"type":"name","properties":{{"name":"{name}"}}}}"#)), Ok(()));
        }
        assert_eq!(check("null"), Ok(()));
        assert!(check(r#"{"type":"EPSG","properties":{"code":3857}}"#).is_err());
    }
}
