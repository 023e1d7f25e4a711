//! Whether a fence says of itself that it is there for a sensitive place.

use model::FenceFacts;

use crate::{Category, Place};

/// Tags by which a fence says that it is about health care, as maps write them.
const HEALTH_TAGS: [&str; 7] =
    ["healthcare", "hospital", "clinic", "amenity=hospital", "amenity=clinic", "amenity=doctors", "medical"];

/// Shorter names of places are part of too many others.
const NAME_CHARS_MIN: usize = 4;

/// Whether the fence's tags or its name mean the place.
pub(crate) fn mean(fence: &FenceFacts, place: &Place) -> bool {
    fence.tags.iter().any(|tag| is_about(&tag.to_lowercase(), place.category)) || names(fence, place)
}

fn is_about(tag: &str, category: Category) -> bool {
    let is_health = category.is_kind_of(Category::Health);
    tag == category.word()
        || is_health
            && (tag == Category::Health.word()
                || HEALTH_TAGS.contains(&tag)
                || tag.starts_with("healthcare="))
}

fn names(fence: &FenceFacts, place: &Place) -> bool {
    let name = place.name().to_lowercase();
    let has_name = place.name() != place.id() && NAME_CHARS_MIN <= name.chars().count();
    has_name && fence.name.to_lowercase().contains(&name)
}
