//! People around the fences of a user's file.

use spatial_index::Fence;

use super::{World, WorldPlan};

impl World {
    /// People who hop between given fences and stroll past them; the fences come by id, as
    /// `spatial_index::geojson::read` gives them.
    ///
    /// # Errors
    /// A sentence: what is wrong with the plan or the fences.
    pub(crate) fn around(_fences: Vec<Fence>, _plan: &WorldPlan) -> Result<Self, String> {
        Err("a world around given fences is not made yet".to_owned())
    }
}
