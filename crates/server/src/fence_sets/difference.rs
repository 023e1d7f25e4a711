//! What changes from one fence set to another.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};
use spatial_index::Fence;

use super::SHARE_MAX;
use crate::cli::report::counted;

/// Most ids named of each kind of change.
const N_NAMED_MAX: usize = 5;

/// What changes, by id.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Difference {
    pub(crate) n_old: usize,
    pub(crate) added: Vec<String>,
    pub(crate) removed: Vec<String>,
    pub(crate) changed: Vec<String>,
}

impl Difference {
    /// From one set to another; the order of neither matters.
    pub(crate) fn between(old: &[Fence], new: &[Fence]) -> Self {
        let by_id = |fences| -> BTreeMap<String, &Fence> {
            let fences: &[Fence] = fences;
            fences.iter().map(|fence| (fence.facts.id.as_str().to_owned(), fence)).collect()
        };
        let (before, after) = (by_id(old), by_id(new));
        let mut difference = Self { n_old: before.len(), ..Self::default() };
        for (id, fence) in &after {
            match before.get(id) {
                None => difference.added.push(id.clone()),
                Some(known) if known != fence => difference.changed.push(id.clone()),
                Some(_) => {}
            }
        }
        difference.removed.extend(before.into_keys().filter(|id| !after.contains_key(id)));
        difference
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// The share of the old set that changes; what is added counts too.
    pub(crate) fn share(&self) -> f64 {
        let n_changes = self.added.len() + self.removed.len() + self.changed.len();
        n_changes as f64 / self.n_old.max(1) as f64
    }

    /// Whether so much changes that somebody should say yes.
    pub(crate) fn is_large(&self) -> bool {
        SHARE_MAX < self.share()
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "old": self.n_old,
            "added": self.added.len(),
            "removed": self.removed.len(),
            "changed": self.changed.len(),
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "against {} before", counted(self.n_old, "fence"))?;
        for (word, ids) in [("added", &self.added), ("removed", &self.removed), ("changed", &self.changed)] {
            write!(f, "\n  {word:<8} {:>6}", ids.len())?;
            let named: Vec<String> =
                ids.iter().take(N_NAMED_MAX).map(|id| settings::Shown(id).to_string()).collect();
            if !named.is_empty() {
                let more = if N_NAMED_MAX < ids.len() { ", …" } else { "" };
                write!(f, "   {}{more}", named.join(", "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::{FenceFacts, FenceId, Meters, Position};
    use spatial_index::Shape;

    use super::*;

    fn fence(id: &str, radius_m: f64) -> Fence {
        let facts = FenceFacts {
            id: FenceId::new(id).unwrap(),
            name: id.into(),
            merchant: None,
            tags: Vec::new(),
            tz: None,
            country: None,
            region: None,
            opening_hours: None,
            radius: Meters(radius_m),
        };
        let shape = Shape::Circle { center: Position::new(1.0, 2.0).unwrap(), radius: Meters(radius_m) };
        Fence { facts, shape }
    }

    #[test]
    fn what_is_added_removed_and_changed_is_told_by_id() {
        let old = [fence("a", 1.0), fence("b", 1.0), fence("c", 1.0)];
        let new = [fence("d", 1.0), fence("c", 2.0), fence("b", 1.0)];
        let difference = Difference::between(&old, &new);
        assert_eq!(
            (difference.added, difference.removed, difference.changed),
            (vec!["d".to_owned()], vec!["a".to_owned()], vec!["c".to_owned()])
        );
        assert!(Difference::between(&old, &old).is_empty());
    }

    #[test]
    fn o01_a_fifth_may_change_without_a_word_and_more_may_not() {
        let old: Vec<Fence> = (0..10).map(|i| fence(&i.to_string(), 1.0)).collect();
        assert!(!Difference::between(&old, &old[2..]).is_large());
        assert!(Difference::between(&old, &old[3..]).is_large());
        let empty = Difference::between(&old, &[]);
        assert!((empty.share() - 1.0).abs() < 1e-9 && empty.is_large());
    }
}
