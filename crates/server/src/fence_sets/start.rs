//! What a server starts with.

use std::path::Path;
use std::sync::Arc;

use engine::{Alteration, House};
use model::Timestamp;
use settings::Settings;
use store::FenceSets;

use super::{Answered, Keeper, Kept, Ready, Refused, Wish, check_house, hash_of_file, version};
use crate::fence_files;
use crate::orders::Orders;

/// What a server starts with, worked out before anything is touched.
pub struct Start {
    keeper: Keeper,
    /// What the server before had, when that was something else than what is in force.
    left: Option<Arc<House>>,
    /// The settings' file, if it was edited since it was taken up.
    edited: Option<Ready>,
}

impl Start {
    /// Reads the version in force, and the settings' file when that was edited since.
    ///
    /// # Errors
    /// A start is refused for what a reload would be refused for; nothing is changed then.
    pub fn plan(data_dir: &Path, settings: &Settings) -> Result<Self, Refused> {
        Self::read(data_dir, settings).map_err(|refused| match refused {
            Refused::Problems(problems) => fence_files::with_makers(problems, settings).into(),
            refused @ (Refused::Sets(_) | Refused::Orders(_)) => refused,
        })
    }

    fn read(data_dir: &Path, settings: &Settings) -> Result<Self, Refused> {
        let keeper = Keeper::over(FenceSets::read(data_dir)?, Orders::read(data_dir)?, settings)?;
        let edited = match &settings.fences.file {
            Some(file) if keeper.sets.file_hash() != Some(&*hash_of_file(file)?) => {
                Some(keeper.examine(&Wish::Reload { yes: true })?)
            }
            Some(_) | None => {
                check_house(keeper.offers.as_ref(), &keeper.house, Path::new("fences"))?;
                None
            }
        };
        let left = version::left_by_the_last_server(
            &keeper.sets,
            keeper.house.catalogue(),
            keeper.house.sensitive(),
        );
        Ok(Self { keeper, left, edited })
    }

    /// Makes it durable, for whoever holds the data directory by now.
    ///
    /// With the alteration from what the server before had, when that was another set: visits were
    /// made in its fences. The keeper's house is what is in force from now on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(
        self,
        data_dir: &Path,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(Keeper, Option<Kept>), Refused> {
        let Self { mut keeper, mut left, mut edited } = self;
        let sets = FenceSets::open(data_dir, settings.fences.versions_kept)?;
        if sets.history() != keeper.sets.history() || Orders::read(data_dir)? != keeper.orders {
            // Somebody else held the directory meanwhile.
            Self { keeper, left, edited } = Self::plan(data_dir, settings)?;
        }
        keeper.sets = sets;
        if !keeper.orders.is_checked() {
            Orders::take_over(data_dir)?;
            keeper.orders = Orders::read(data_dir)?;
        }
        // Nobody was in a fence before there were any.
        let was = keeper.sets.in_force().is_some().then(|| keeper.house.clone());
        let answered = edited.map(|ready| keeper.keep(ready, "stile serve", now)).transpose()?;
        let mut kept = match answered {
            Some(Answered::Kept(kept)) => {
                keeper.settle(&kept.alteration);
                Some(kept)
            }
            Some(Answered::Unchanged) | None => None,
        };
        keeper.before = None;
        if let Some(left) = left.or(was).filter(|left| !Arc::ptr_eq(left, &keeper.house)) {
            let warnings = kept.take().map(|kept| kept.warnings).unwrap_or_default();
            let alteration = Arc::new(Alteration::between(left, keeper.house.clone()));
            let no = keeper.house.version().map_or(0, |version| version.no);
            kept = Some(Kept { alteration, no, warnings });
        } else {
            kept = None;
        }
        keeper.sets.serve()?;
        Ok((keeper, kept))
    }
}
