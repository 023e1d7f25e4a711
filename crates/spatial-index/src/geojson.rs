//! GeoJSON fence files, in and out.
//!
//! [`read`] takes a FeatureCollection whose features are a Polygon, a MultiPolygon, or a Point with
//! the property `radius_m`. A feature's `id` is its own or `properties.id`. The properties `name`,
//! `merchant`, `tags`, `tz`, `opening_hours`, `country` and `region` become facts; others are ignored.
//!
//! What cannot be a fence is refused: all of it at once, each with the number of its feature, its
//! id and the reason. What can be one but is hardly meant that way is taken with a warning.
//! Neither message holds a coordinate; it names polygon, ring and point, counted from 0.
//!
//! [`read_from`] takes a file of any size piece by piece: besides the fences it keeps a window of
//! the longest feature, never the text of the file.

mod cursor;
mod document;
mod feature;
mod flaw;
mod gathering;
mod geometry;
mod options;
mod plain;
mod properties;
mod reason;
mod region;
mod source;
#[cfg(test)]
mod tests;
mod warning;
mod writing;

use std::io::{self, Read};

use thiserror::Error;

use crate::shape::Fence;
use document::Document;
use gathering::Gathering;
use source::{Source, Stop};

pub use flaw::{Flaw, Place, Refused};
pub use options::{Limits, ReadOptions, Region};
pub use reason::{Hint, Lookalike, Reason};
pub use warning::{Concern, Warning};
pub use writing::write;

/// What a file held.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Ascending by id: the i-th is fence number i.
    pub fences: Vec<Fence>,
    /// About the fences, ascending by feature.
    pub warnings: Vec<Warning>,
    /// What was left out, ascending by feature; empty unless `skip_invalid`.
    pub skipped: Vec<Flaw>,
    /// Of each fence in turn what [`ReadOptions::extras`] asked for; empty when that asks for nothing.
    pub extras: Vec<Extra>,
}

/// Texts of a feature besides its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// Number of the feature in its file, counted from 0.
    pub feature: usize,
    /// In the order in which they were asked for; none for what is absent, null or empty.
    pub texts: Vec<Option<Box<str>>>,
}

/// How far a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that the reader gave.
    pub n_bytes: u64,
    /// Features read, bad ones included.
    pub n_features: usize,
}

/// Why a file gave no fences.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It was read and is wrong.
    #[error("{0}")]
    Refused(Refused),
    /// It could not be read to its end.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
}

/// Reads a fence file from memory; see [`read_from`].
///
/// # Errors
/// Every flaw in the file, ascending by feature; with `skip_invalid` only those of the file itself.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Loaded, Refused> {
    match read_from(bytes, options, &mut |_| ()) {
        Ok(loaded) => Ok(loaded),
        Err(ReadError::Refused(refused)) => Err(refused),
        Err(ReadError::Unreadable(error)) => unreachable!("memory can be read: {error}"),
    }
}

/// Reads a fence file piece by piece; `progress` is told of every quarter of a megabyte or more.
///
/// Time zones and opening hours are taken as text; whoever loads them looks them up. O(n log n);
/// about 0.4 us a corner and 1 us a circle. Memory: the fences, and a window that grows to twice
/// the longest feature.
///
/// # Errors
/// Every flaw in the file, ascending by feature; with `skip_invalid` only those of the file itself.
/// What the reader says, when it fails.
pub fn read_from(
    mut reader: impl Read,
    options: &ReadOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Loaded, ReadError> {
    let mut gathering = Gathering::new(*options);
    let gathered = Source::open(&mut reader, options.limits)
        .and_then(|source| Document::new(source, options.limits, progress).read(&mut gathering));
    match gathered {
        Ok(()) => gathering.finish().map_err(ReadError::Refused),
        Err(Stop::Refused(reason)) => Err(ReadError::Refused(Refused::file(reason))),
        Err(Stop::Unreadable(error)) => Err(ReadError::Unreadable(error)),
    }
}
