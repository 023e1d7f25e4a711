//! Do the fences lie where the operator works? Mostly they do not when the axes are swapped.

use super::Numbered;
use super::options::Region;
use super::reason::Reason;
use super::warning::{Concern, Warning};
use crate::exact::extents;
use crate::plane::{Span, turns_between};
use crate::shape::Shape;

/// A warning for each fence outside the region; a refusal when most are.
pub(super) fn check(found: &[Numbered], region: Region) -> Result<Vec<Warning>, Reason> {
    let is_outside = |shape: &Shape| !extents(shape).iter().any(|&(ys, xs)| meets(region, ys, xs));
    let outside: Vec<&Numbered> = found.iter().filter(|(_, found)| is_outside(&found.fence.shape)).collect();
    if found.len() < 2 * outside.len() {
        let n_swapped = outside.iter().filter(|(_, found)| is_swapped(region, &found.fence.shape)).count();
        return Err(Reason::OutsideRegion {
            n_outside: outside.len(),
            n_fences: found.len(),
            is_swapped: found.len() < 2 * n_swapped,
        });
    }
    let warning = |(feature, found): &Numbered| Warning {
        feature: *feature,
        id: found.fence.facts.id.clone(),
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
