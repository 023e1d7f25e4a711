//! Why a file or a feature is refused, in words that help to mend it.

use std::fmt;

use model::IdFlaw;

use super::flaw::Place;
use crate::shape::{CircleFlaw, RADIUS_MAX};

/// What a file is that is no GeoJSON FeatureCollection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookalike {
    /// Compressed.
    Gzip,
    /// KML, GML or another XML.
    Xml,
    /// Two bytes a character.
    Utf16,
    /// TopoJSON.
    TopoJson,
    /// One feature.
    Feature,
    /// One geometry.
    Geometry,
    /// A JSON object of some other type.
    OtherObject,
    /// JSON, but no object.
    OtherJson,
}

/// What a coordinate out of range may be instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Nothing familiar.
    None,
    /// Latitude before longitude.
    Swapped,
    /// Metres of a map projection.
    Metres,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The file has no byte.
    Empty,
    /// The file is no UTF-8 text.
    NotUtf8,
    /// The file is no JSON, or is cut off.
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// The file is something else.
    NotACollection(Lookalike),
    /// The file has no list `features`.
    NoFeatures,
    /// The file names a coordinate system that is not WGS 84.
    NotWgs84 {
        /// As the file names it, cut after 64 characters.
        crs: String,
    },
    /// A limit of [`super::Limits`] is exceeded.
    OverLimit {
        /// Its name.
        limit: &'static str,
        /// Its value.
        max: usize,
    },
    /// Most fences lie outside the region that is set.
    OutsideRegion {
        /// How many do.
        n_outside: usize,
        /// Of how many.
        n_fences: usize,
        /// Whether most would lie inside with latitude and longitude exchanged.
        is_swapped: bool,
    },
    /// The feature holds a number that none can be, such as 1e400.
    Unreadable {
        /// What the parser says.
        message: String,
    },
    /// The entry of `features` is no object of type Feature.
    NotAFeature,
    /// No geometry.
    NoGeometry,
    /// A geometry that is no area.
    GeometryKind {
        /// Its type, cut after 64 characters.
        kind: String,
    },
    /// `coordinates` is missing or not nested as its type wants.
    Coordinates(Place),
    /// A number is missing or is none.
    NotANumber(Place),
    /// A point is no position.
    OutOfRange(Place, Hint),
    /// A MultiPolygon without polygons, or a polygon without rings.
    NoPolygon,
    /// An outer ring with fewer than three distinct points.
    TooFewCorners(Place),
    /// An outer ring that encloses less than 0.01 square metres.
    NoArea(Place),
    /// A ring that goes round a pole, or round the earth more than once.
    RoundAPole(Place),
    /// A Point without the property `radius_m`.
    NoRadius,
    /// `radius_m` is no number.
    RadiusNotANumber,
    /// `radius_m` is no radius.
    Radius(CircleFlaw),
    /// Neither the feature nor its properties have an id.
    NoId,
    /// The id is neither text nor number.
    IdNotText,
    /// The id breaks the rule for fence ids.
    Id(IdFlaw),
    /// The id stands at an earlier feature too.
    IdUsedBefore {
        /// Which.
        first: usize,
    },
    /// The property is no text.
    NotText(&'static str),
    /// `tags` is no list of texts.
    TagsNotAList,
    /// `merchant` breaks the rule for merchant ids.
    Merchant(IdFlaw),
    /// `country` is no ISO 3166-1 alpha-2 code.
    Country,
    /// `region` is no ISO 3166-2 code.
    Region,
}

impl Lookalike {
    const fn text(self) -> &'static str {
        match self {
            Self::Gzip => "the file is compressed; unpack it with gunzip",
            Self::Xml => "the file is XML (KML or GML?); convert it to GeoJSON, with ogr2ogr for example",
            Self::Utf16 => "the file is UTF-16 text; save it as UTF-8",
            Self::TopoJson => "the file is TopoJSON; convert it to GeoJSON, with topo2geo for example",
            Self::Feature => {
                "the file is a single Feature; put it into the list `features` of a FeatureCollection"
            }
            Self::Geometry => {
                "the file is a bare geometry; put it into a Feature with an id, and that into a FeatureCollection"
            }
            Self::OtherObject => "the file is no GeoJSON: its `type` is not \"FeatureCollection\"",
            Self::OtherJson => "the file is JSON, but no FeatureCollection",
        }
    }
}

impl Hint {
    const fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Swapped => "; GeoJSON writes the longitude first: are they swapped?",
            Self::Metres => "; these look like metres (EPSG:3857?): convert them to WGS 84 degrees",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::NotUtf8 => f.write_str("the file is no UTF-8 text"),
            Self::Syntax { line, column, message } => write!(f, "line {line}, column {column}: {message}"),
            Self::NotACollection(lookalike) => f.write_str(lookalike.text()),
            Self::NoFeatures => f.write_str("the FeatureCollection has no list `features`"),
            Self::NotWgs84 { crs } => {
                write!(f, "the file's `crs` is {crs:?}; convert it to WGS 84 degrees (EPSG:4326)")
            }
            Self::OverLimit { limit, max } => write!(f, "more than {max} (limit {limit})"),
            Self::OutsideRegion { n_outside, n_fences, is_swapped } => {
                let hint = if *is_swapped { "; latitude and longitude are probably swapped" } else { "" };
                write!(f, "{n_outside} of {n_fences} fences lie outside the region that is set{hint}")
            }
            Self::Unreadable { message } => write!(f, "it holds what no JSON reader takes: {message}"),
            Self::NotAFeature => f.write_str("it is no object of type Feature"),
            Self::NoGeometry => f.write_str("it has no geometry; give it a Polygon, MultiPolygon or Point"),
            Self::GeometryKind { kind } => write!(f, "{kind:?} is no area{}", hint_for_kind(kind)),
            Self::Coordinates(place) => write!(f, "{place}: `coordinates` is not nested as its type wants"),
            Self::NotANumber(place) => write!(f, "{place}: a coordinate is missing or no number"),
            Self::OutOfRange(place, hint) => write!(f, "{place}: out of range{}", hint.text()),
            Self::NoPolygon => f.write_str("it has no polygon or no ring"),
            Self::TooFewCorners(place) => write!(f, "{place}: an outer ring needs three distinct points"),
            Self::NoArea(place) => write!(f, "{place}: the outer ring encloses no area"),
            Self::RoundAPole(place) => write!(
                f,
                "{place}: the ring goes right round the earth; cut it at the antimeridian (RFC 7946, section 3.1.9)"
            ),
            Self::NoRadius => f.write_str("a Point needs the property `radius_m`, in metres"),
            Self::RadiusNotANumber => f.write_str("`radius_m` is no number"),
            Self::Radius(CircleFlaw::NotANumber) => f.write_str("`radius_m` is not finite"),
            Self::Radius(CircleFlaw::NotPositive) => f.write_str("`radius_m` is not above 0"),
            Self::Radius(CircleFlaw::TooLarge) => write!(f, "`radius_m` is above {} metres", RADIUS_MAX.0),
            Self::NoId => f.write_str("it has no `id`, and neither have its properties"),
            Self::IdNotText => f.write_str("the id is neither text nor number"),
            Self::Id(flaw) => write!(f, "the id {}", flaw.text()),
            Self::IdUsedBefore { first } => write!(f, "feature {first} has the same id"),
            Self::NotText(property) => write!(f, "`{property}` is no text"),
            Self::TagsNotAList => f.write_str("`tags` is no list of texts"),
            Self::Merchant(flaw) => write!(f, "the id in `merchant` {}", flaw.text()),
            Self::Country => f.write_str("`country` is no ISO 3166-1 code of two capital letters"),
            Self::Region => f.write_str("`region` is no ISO 3166-2 code such as US-TX"),
        }
    }
}

fn hint_for_kind(kind: &str) -> &'static str {
    match kind {
        "GeometryCollection" => "; write each of its geometries as a feature of its own",
        "LineString" | "MultiLineString" => "; lines are not watched yet",
        "MultiPoint" => "; write each point as a feature of its own, with `radius_m`",
        _ => "; give it a Polygon, MultiPolygon or Point",
    }
}
