//! One offer, as written and as checked.

use model::{FenceFacts, FenceId, MerchantId, Millis, OfferId, TransitionKind};

/// An offer as an operator wrote it, field by field checked but not yet its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub id: OfferId,
    /// Whose it is; it applies in that merchant's fences only.
    pub merchant: MerchantId,
    /// Which transition calls for it.
    pub trigger: TransitionKind,
    /// Fences by id.
    pub fences: Vec<FenceId>,
    /// Fences by tag; a fence with any of them will do.
    pub tags: Vec<Box<str>>,
    /// Of several that are due at once the highest goes first.
    pub priority: u8,
    /// Stale this long after the transition that called for it.
    pub valid_for: Millis,
    /// Template of the title; may use `store`, `merchant` and `fence`.
    pub title: String,
    /// Template of the body.
    pub body: String,
    /// Template of the link.
    pub link: Option<String>,
}

impl Draft {
    /// How long an offer is valid that does not say: a late one tells the customer that they were tracked.
    pub const VALID_FOR: Millis = Millis::from_mins(15);
}

/// An offer whose text can be rendered.
///
/// Invariant: made by [`crate::Catalogue::new`] only, which rendered its templates once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    draft: Draft,
}

impl Offer {
    pub(crate) const fn new(draft: Draft) -> Self {
        Self { draft }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &OfferId {
        &self.draft.id
    }

    /// What was written.
    #[must_use]
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Whether it is meant for a fence.
    #[must_use]
    pub fn applies_to(&self, fence: &FenceFacts) -> bool {
        fence.merchant.as_ref() == Some(&self.draft.merchant)
            && (self.draft.fences.contains(&fence.id)
                || self.draft.tags.iter().any(|tag| fence.tags.contains(tag)))
    }
}
