//! What an operator wants of the fences.

use std::path::{Path, PathBuf};

use engine::Edits;
use model::FenceId;
use serde::{Deserialize, Serialize};
use settings::{FenceSettings, Problem};

use super::{Fences, Keeper, Refused, Source, hash_of_file, load};

/// What an operator wants of the fences.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case")]
pub enum Wish {
    /// The settings' file as it is now.
    Reload {
        /// However much changes.
        yes: bool,
    },
    /// The fences of a file and no others.
    Apply {
        /// The file.
        file: PathBuf,
        /// However much changes.
        yes: bool,
    },
    /// The fences of a file in place of those with the same ids, or besides.
    Put {
        /// The file.
        file: PathBuf,
    },
    /// All but these.
    Remove {
        /// Their ids.
        ids: Vec<String>,
    },
    /// A version that is kept; by default the one that the one in force was made of.
    Rollback {
        /// Its number.
        to: Option<u64>,
    },
}

impl Wish {
    /// Whether a large change would be a surprise.
    pub(super) const fn needs_yes(&self) -> bool {
        match self {
            Self::Reload { yes } | Self::Apply { yes, .. } => !*yes,
            Self::Put { .. } | Self::Remove { .. } | Self::Rollback { .. } => false,
        }
    }

    /// What a problem with it is a problem of.
    pub(super) fn name(&self, settings: &FenceSettings) -> PathBuf {
        match self {
            Self::Apply { file, .. } | Self::Put { file } => file.clone(),
            Self::Reload { .. } => settings.file.clone().unwrap_or_else(|| "fences".into()),
            Self::Remove { .. } | Self::Rollback { .. } => "fences".into(),
        }
    }
}

impl Keeper {
    /// The fences that a wish makes.
    pub(super) fn source(&self, wish: &Wish) -> Result<Source, Refused> {
        match wish {
            Wish::Reload { .. } => {
                let Some(file) = &self.settings.file else {
                    let reason = "no fence file is named in the settings";
                    let hint = "stile fences apply FILE takes any file";
                    return Err(vec![Problem::of_file(Path::new("[fences]"), reason).with_hint(hint)].into());
                };
                // Before it is read: what is written meanwhile is taken up at the next start.
                let file_hash = Some(hash_of_file(file)?);
                Ok(Source { file_hash, ..self.whole(file)? })
            }
            Wish::Apply { file, .. } => self.whole(file),
            Wish::Put { file } => {
                let loaded = load(file, &self.settings)?;
                let ids: Vec<&str> = loaded.fences.iter().map(|fence| fence.facts.id.as_str()).collect();
                let origin = format!("put {}", some(&ids));
                let put = loaded.fences.into_iter().map(|fence| (fence.facts.id.clone(), Some(fence)));
                let fences = Fences::Edited(put.collect());
                Ok(Source { fences, warnings: loaded.warnings, origin, file_hash: None })
            }
            Wish::Remove { ids } => self.without(ids),
            Wish::Rollback { .. } => unreachable!("an old version has a file of its own"),
        }
    }

    fn whole(&self, file: &Path) -> Result<Source, Refused> {
        let loaded = load(file, &self.settings)?;
        let origin = file.display().to_string();
        let fences = Fences::Whole(loaded.fences);
        Ok(Source { fences, warnings: loaded.warnings, origin, file_hash: None })
    }

    fn without(&self, ids: &[String]) -> Result<Source, Refused> {
        let mut edits = Edits::new();
        let mut problems = Vec::new();
        for id in ids {
            let known = FenceId::new(id).ok().filter(|id| self.house().facts_of(id).is_some());
            let is_there = known.is_some_and(|id| edits.insert(id, None).is_none());
            if !is_there {
                let reason = format!("no fence in force has the id {id:?}");
                problems.push(Problem::of_file(Path::new("fences"), reason));
            }
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let origin = format!("remove {}", some(&ids));
        let fences = Fences::Edited(edits);
        Ok(Source { fences, warnings: Vec::new(), origin, file_hash: None })
    }
}

/// The first ids, and how many there are besides.
fn some(ids: &[&str]) -> String {
    const N_NAMED_MAX: usize = 3;
    let named = ids.iter().take(N_NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(N_NAMED_MAX) {
        0 => named,
        n_more => format!("{named} and {n_more} more"),
    }
}
