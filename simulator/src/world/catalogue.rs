//! What the merchants have to say, and when.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use model::{Millis, OfferId, TransitionKind};
use offers::Draft;
use spatial_index::Fence;
use town::Town;

/// When merchants speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    /// All of them to everybody who comes in: the most that a short run can judge.
    OnEnter,
    /// On entering, after a stay, on leaving, one after the other; two offers each, of which the
    /// second has its turn where the first may not be said again.
    Mixed,
}

/// The offers of every merchant who has a fence.
pub(super) fn offers(town: &Town, fences: &[Fence], talk: Talk) -> Vec<Draft> {
    let merchants = town.merchants().iter().enumerate();
    merchants
        .flat_map(|(no, merchant)| {
            let own = fences.iter().filter(|fence| fence.facts.merchant.as_ref() == Some(&merchant.id));
            let tags: BTreeSet<&str> =
                own.flat_map(|fence| fence.facts.tags.iter().map(|tag| &**tag)).collect();
            let draft = |name: &str, trigger: TransitionKind, priority: u8, minutes: i64| {
                let id = OfferId::new(&format!("{name}-{no}")).expect("words and numbers make an id");
                Draft {
                    trigger,
                    tags: tags.iter().map(|tag| (*tag).into()).collect(),
                    priority,
                    valid_for: Millis::from_mins(minutes),
                    holdout_permille: 0,
                    ..Draft::new(id, merchant.id.clone(), "Two for one", "Today at {{ store }}.")
                }
            };
            let drafts = match talk {
                Talk::OnEnter => vec![draft("welcome", TransitionKind::Enter, 10, 15)],
                Talk::Mixed => {
                    const TURNS: [TransitionKind; 3] =
                        [TransitionKind::Enter, TransitionKind::Dwell, TransitionKind::Exit];
                    let turn = |i: usize| TURNS[(no + i) % TURNS.len()];
                    vec![
                        draft("best", turn(0), 10, 15),
                        draft("next", turn(0), 5, 10),
                        draft("other", turn(1), 7, 5),
                    ]
                }
            };
            drafts.into_iter().filter(|draft| !draft.tags.is_empty()).collect::<Vec<_>>()
        })
        .collect()
}

/// The same as a file.
pub(super) fn toml(offers: &[Draft]) -> String {
    let mut text =
        "# Written by `simulator lay`, which replaces it unless somebody has changed it.\n".to_owned();
    for offer in offers {
        let tags: Vec<String> = offer.tags.iter().map(|tag| format!("{tag:?}")).collect();
        write!(
            text,
            "\n[[offer]]\nid = {:?}\nmerchant = {:?}\ntrigger = {:?}\ntags = [{}]\npriority = {}\n\
             valid_for = \"{} s\"\nholdout_permille = {}\ntitle = {:?}\nbody = {:?}\n",
            offer.id.as_str(),
            offer.merchant.as_str(),
            offer.trigger.word(),
            tags.join(", "),
            offer.priority,
            offer.valid_for.secs(),
            offer.holdout_permille,
            offer.text.title,
            offer.text.body,
        )
        .expect("a string takes what it is given");
    }
    text
}
