//! The names of the texts that people agreed on, each kept once.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::NoticeName;

/// Fewer names are never looked through for those that nobody needs any more.
const KEPT_MIN: usize = 64;

/// Every text that some consent rests on.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    names: BTreeSet<Arc<NoticeName>>,
    looked_through_at: usize,
}

impl Notices {
    /// The one copy of a name.
    ///
    /// Names that no row holds any more are forgotten whenever their number has doubled.
    pub(crate) fn keep(&mut self, name: NoticeName) -> Arc<NoticeName> {
        if let Some(known) = self.names.get(&name) {
            return Arc::clone(known);
        }
        if self.looked_through_at.max(KEPT_MIN) <= self.names.len() {
            self.names.retain(|name| 1 < Arc::strong_count(name));
            self.looked_through_at = 2 * self.names.len();
        }
        let name = Arc::new(name);
        self.names.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(version: u32) -> NoticeName {
        NoticeName { id: "terms".into(), version }
    }

    #[test]
    fn a_name_is_kept_once() {
        let mut notices = Notices::default();
        let (one, other) = (notices.keep(name(1)), notices.keep(name(1)));
        assert!(Arc::ptr_eq(&one, &other) && notices.names.len() == 1);
    }

    #[test]
    fn names_that_nobody_needs_any_more_are_forgotten() {
        let mut notices = Notices::default();
        let held: Vec<_> = (0..100).map(|version| notices.keep(name(version))).collect();
        for version in 100..10_000 {
            notices.keep(name(version));
            assert!(notices.names.len() <= 2 * held.len().max(KEPT_MIN) + 1, "{}", notices.names.len());
        }
        assert!(held.iter().all(|name| notices.names.contains(name)));
    }
}
