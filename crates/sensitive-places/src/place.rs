//! One sensitive place.

use model::MerchantId;
use spatial_index::{Fence, Shape};

use crate::Category;

/// A place that nobody is followed to. `Debug` shows no coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its footprint, with its id, name, country and region; other facts mean nothing here.
    pub fence: Fence,
    /// What makes it sensitive.
    pub category: Category,
    /// The merchant whose own it is.
    pub operator: Option<MerchantId>,
}

impl Place {
    /// Its stable id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.fence.facts.id.as_str()
    }

    /// Its name; the id when the file gives none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.fence.facts.name
    }

    pub(crate) const fn shape(&self) -> &Shape {
        &self.fence.shape
    }
}
