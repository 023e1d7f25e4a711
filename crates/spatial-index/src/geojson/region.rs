//! Do the fences lie where the operator works? Mostly they do not when the axes are swapped.

use super::options::Region;
use super::reason::Reason;
use super::warning::{Concern, Warning};
use crate::earth::{latitude_reach, longitude_reach};
use crate::plane::{Span, turns_between};
use crate::shape::{Fence, Shape};

/// A warning for each fence outside the region; a refusal when most are.
pub(super) fn check(fences: &[(Fence, usize)], region: Region) -> Result<Vec<Warning>, Reason> {
    let is_outside = |shape: &Shape| !extents(shape).iter().any(|&(ys, xs)| meets(region, ys, xs));
    let outside: Vec<&(Fence, usize)> = fences.iter().filter(|(fence, _)| is_outside(&fence.shape)).collect();
    if fences.len() < 2 * outside.len() {
        let n_swapped = outside.iter().filter(|(fence, _)| is_swapped(region, &fence.shape)).count();
        return Err(Reason::OutsideRegion {
            n_outside: outside.len(),
            n_fences: fences.len(),
            is_swapped: fences.len() < 2 * n_swapped,
        });
    }
    let warning = |(fence, feature): &(Fence, usize)| Warning {
        feature: *feature,
        id: fence.facts.id.clone(),
        concern: Concern::OutsideRegion,
    };
    Ok(outside.into_iter().map(warning).collect())
}

fn meets(region: Region, ys: Span, xs: Span) -> bool {
    let east = if region.east < region.west { region.east + 360.0 } else { region.east };
    let region_xs = Span { low: region.west, high: east };
    let region_ys = Span { low: region.south, high: region.north };
    region_ys.meets(ys) && turns_between(xs, region_xs).next().is_some()
}

fn is_swapped(region: Region, shape: &Shape) -> bool {
    extents(shape).iter().any(|&(ys, xs)| meets(region, xs, ys))
}

/// The latitudes and unrolled longitudes of each part of a shape.
fn extents(shape: &Shape) -> Vec<(Span, Span)> {
    match shape {
        Shape::Circle { center, radius } => {
            let (lat, lng) = (center.lat(), center.lng());
            let north = latitude_reach(radius.0);
            let east = longitude_reach(lat, radius.0).unwrap_or(180.0);
            vec![(
                Span { low: (lat - north).max(-90.0), high: (lat + north).min(90.0) },
                Span { low: lng - east, high: lng + east },
            )]
        }
        Shape::Polygons(polygons) => polygons.iter().map(|polygon| (polygon.ys(), polygon.xs())).collect(),
    }
}
