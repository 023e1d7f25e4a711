//! The fences of a file as they come in, and what speaks against the others.

use std::collections::{BTreeMap, HashSet};

use super::feature::{self, Found};
use super::flaw::{Flaw, Refused};
use super::options::ReadOptions;
use super::reason::Reason;
use super::warning::Warning;
use super::{Extra, Loaded, region};
use crate::shape::Fence;

/// What was read so far.
pub(super) struct Gathering {
    options: ReadOptions,
    /// With the number of the feature.
    fences: Vec<(Fence, usize)>,
    /// By the number of the feature.
    extras: BTreeMap<usize, Extra>,
    warnings: Vec<Warning>,
    flaws: Vec<Flaw>,
    n_features: usize,
    n_corners: usize,
}

impl Gathering {
    pub(super) fn new(options: ReadOptions) -> Self {
        Self {
            options,
            fences: Vec::new(),
            extras: BTreeMap::new(),
            warnings: Vec::new(),
            flaws: Vec::new(),
            n_features: 0,
            n_corners: 0,
        }
    }

    /// Forgets what an earlier list of features held.
    pub(super) fn begin(&mut self) {
        *self = Self::new(self.options);
    }

    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    /// Whether features tell more than their facts.
    pub(super) const fn asks_for_extras(&self) -> bool {
        !self.options.extras.is_empty()
    }

    /// Takes the next feature, which is a fence.
    pub(super) fn take(&mut self, found: Found) -> Result<(), Reason> {
        let number = self.count()?;
        self.n_corners += found.n_corners();
        let Found { fence, extras: texts, concerns } = found;
        if self.asks_for_extras() {
            self.extras.insert(number, Extra { feature: number, texts });
        }
        let warning = |concern| Warning { feature: number, id: fence.facts.id.clone(), concern };
        self.warnings.extend(concerns.into_iter().map(warning));
        self.fences.push((fence, number));
        let max = self.options.limits.corners_max;
        if max < self.n_corners { Err(Reason::OverLimit { limit: "corners_max", max }) } else { Ok(()) }
    }

    /// Reads the next feature, which may be none.
    pub(super) fn read(&mut self, text: &str) -> Result<(), Reason> {
        match feature::read(text, &self.options) {
            Ok(found) => self.take(found),
            Err(refused) => {
                let number = self.count()?;
                let id = refused.id.as_deref();
                self.flaws.extend(refused.reasons.into_iter().map(|reason| Flaw::of(number, id, reason)));
                Ok(())
            }
        }
    }

    fn count(&mut self) -> Result<usize, Reason> {
        let max = self.options.limits.fences_max;
        if max <= self.n_features {
            return Err(Reason::OverLimit { limit: "fences_max", max });
        }
        self.n_features += 1;
        Ok(self.n_features - 1)
    }

    /// What the file holds, once all of it was read.
    pub(super) fn finish(mut self) -> Result<Loaded, Refused> {
        // A stable sort would need the room of half of the fences besides.
        self.fences.sort_unstable_by(|(a, i), (b, j)| a.facts.id.cmp(&b.facts.id).then(i.cmp(j)));
        self.refuse_repeated_ids();
        self.flaws.sort_by_key(|flaw| flaw.feature);
        if !self.flaws.is_empty() && !self.options.skip_invalid {
            return Err(Refused { flaws: self.flaws });
        }
        if let Some(region) = self.options.region {
            self.warnings.extend(region::check(&self.fences, region).map_err(Refused::file)?);
        }
        self.warnings.sort_by_key(|warning| warning.feature);
        let extras = self.fences.iter().filter_map(|(_, number)| self.extras.remove(number)).collect();
        let fences = self.fences.into_iter().map(|(fence, _)| fence).collect();
        Ok(Loaded { fences, warnings: self.warnings, skipped: self.flaws, extras })
    }

    /// Of fences with one id the first stays. They stand side by side, in the order of the file.
    fn refuse_repeated_ids(&mut self) {
        let mut repeated = HashSet::new();
        for same in self.fences.chunk_by(|(a, _), (b, _)| a.facts.id == b.facts.id) {
            let [(_, first), later @ ..] = same else { continue };
            for (fence, number) in later {
                let reason = Reason::IdUsedBefore { first: *first };
                self.flaws.push(Flaw::of(*number, Some(fence.facts.id.as_str()), reason));
                repeated.insert(*number);
            }
        }
        if repeated.is_empty() {
            return;
        }
        self.fences.retain(|(_, number)| !repeated.contains(number));
        self.warnings.retain(|warning| !repeated.contains(&warning.feature));
    }
}
