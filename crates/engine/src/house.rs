//! What the operator has set up: fences, facts and offers.

use std::collections::HashMap;

use model::{FenceFacts, FenceId, FenceNo, MerchantId};
use offers::Catalogue;
use spatial_index::{BuildError, Fence, Index};

/// One version of the fence set with the offers that go with it.
#[derive(Debug)]
pub struct House {
    pub(crate) index: Index,
    pub(crate) facts: Vec<FenceFacts>,
    pub(crate) catalogue: Catalogue,
    no_of: HashMap<FenceId, FenceNo>,
}

impl House {
    /// Builds the index over fences in ascending order of id.
    ///
    /// A fence without a merchant matches nobody: nobody can have agreed to it.
    ///
    /// # Errors
    /// When a shape or their number is more than an index can hold.
    ///
    /// # Panics
    /// When the fences are not in ascending order of id.
    pub fn new(fences: Vec<Fence>, catalogue: Catalogue) -> Result<Self, BuildError> {
        assert!(fences.is_sorted_by(|a, b| a.facts.id < b.facts.id), "fences come in ascending order of id");
        let (facts, shapes): (Vec<FenceFacts>, Vec<_>) =
            fences.into_iter().map(|fence| (fence.facts, fence.shape)).unzip();
        let no_of = (0..).map(FenceNo).zip(&facts).map(|(no, facts)| (facts.id.clone(), no)).collect();
        Ok(Self { index: Index::build(shapes)?, facts, catalogue, no_of })
    }

    /// The fences by number.
    #[must_use]
    pub fn facts(&self) -> &[FenceFacts] {
        &self.facts
    }

    /// The index over them.
    #[must_use]
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// The offers.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(crate) fn fence(&self, no: FenceNo) -> &FenceFacts {
        &self.facts[no.slot()]
    }

    pub(crate) fn merchant(&self, no: FenceNo) -> Option<&MerchantId> {
        self.facts[no.slot()].merchant.as_ref()
    }

    pub(crate) fn no_of(&self, id: &FenceId) -> Option<FenceNo> {
        self.no_of.get(id).copied()
    }
}
