//! GeoJSON fence files, in and out.
//!
//! [`read`] takes a FeatureCollection whose features are a Polygon, a MultiPolygon, or a Point with
//! the property `radius_m`. A feature's `id` is its own or `properties.id`. The properties `name`,
//! `merchant`, `tags`, `tz`, `opening_hours`, `country` and `region` become facts; others are ignored.
//!
//! What cannot be a fence is refused: all of it at once, each with the number of its feature, its
//! id and the reason. What can be one but is hardly meant that way is taken with a warning.
//! Neither message holds a coordinate; it names polygon, ring and point, counted from 0.

mod document;
mod feature;
mod flaw;
mod geometry;
mod options;
mod properties;
mod reason;
mod region;
mod warning;
mod writing;

use std::collections::HashMap;

use model::FenceId;
use serde_json::value::RawValue;

use crate::shape::Fence;
use feature::Found;

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
}

/// Reads a fence file.
///
/// Time zones and opening hours are taken as text; whoever loads them looks them up. O(n log n);
/// about 0.5 us a corner and 3 us a circle.
///
/// # Errors
/// Every flaw in the file, ascending by feature; with `skip_invalid` only those of the file itself.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Loaded, Refused> {
    let limits = &options.limits;
    let text = document::text_of(bytes, limits).map_err(Refused::file)?;
    let features = document::features(&text, limits).map_err(Refused::file)?;
    let (found, mut flaws) = read_all(&features, options)?;
    flaws.sort_by_key(|flaw| flaw.feature);
    if !flaws.is_empty() && !options.skip_invalid {
        return Err(Refused { flaws });
    }
    let mut warnings = match options.region {
        Some(region) => region::check(&found, region).map_err(Refused::file)?,
        None => Vec::new(),
    };
    let mut fences = Vec::with_capacity(found.len());
    for (feature, Found { fence, concerns }) in found {
        let id = fence.facts.id.clone();
        warnings.extend(concerns.into_iter().map(|concern| Warning { feature, id: id.clone(), concern }));
        fences.push(fence);
    }
    warnings.sort_by_key(|warning| warning.feature);
    fences.sort_unstable_by(|a, b| a.facts.id.cmp(&b.facts.id));
    Ok(Loaded { fences, warnings, skipped: flaws })
}

type Numbered = (usize, Found);

/// Every feature that is a fence, with its number, and the flaws of all others.
fn read_all(features: &[&RawValue], options: &ReadOptions) -> Result<(Vec<Numbered>, Vec<Flaw>), Refused> {
    let mut found: Vec<Numbered> = Vec::new();
    let mut flaws = Vec::new();
    let mut first_with: HashMap<FenceId, usize> = HashMap::new();
    let mut n_corners = 0;
    for (number, raw) in features.iter().enumerate() {
        match feature::read(raw, &options.limits) {
            Ok(fence) => {
                n_corners += fence.n_corners();
                let id = &fence.fence.facts.id;
                if let Some(&first) = first_with.get(id) {
                    flaws.push(Flaw::of(number, Some(id.as_str()), Reason::IdUsedBefore { first }));
                    continue;
                }
                first_with.insert(id.clone(), number);
                found.push((number, fence));
            }
            Err(refused) => {
                let id = refused.id.as_deref();
                flaws.extend(refused.reasons.into_iter().map(|reason| Flaw::of(number, id, reason)));
            }
        }
        if options.limits.corners_max < n_corners {
            let max = options.limits.corners_max;
            return Err(Refused::file(Reason::OverLimit { limit: "corners_max", max }));
        }
    }
    Ok((found, flaws))
}
