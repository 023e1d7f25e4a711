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
