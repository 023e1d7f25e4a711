//! An import played on a copy of what is known, which keeps nothing.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use engine::Engine;
use ledger::{Forgetful, Graves};
use model::{Partition, Timestamp};
use store::{FenceSets, OpenError, Reader};
use wire::consent_file::Received;

use crate::cli::data::Data;
use crate::cli::master_key;
use crate::cli::report::Failure;
use crate::cli::serve::policy_of;
use crate::fence_sets;
use crate::machine::Clock;
use crate::officer::imports::{Sums, read};
use crate::officer::notices::Registry;
use crate::officer::{Trouble, hear_alone};

/// Events of one pass at most: what they touch is in memory meanwhile, some 300 MB.
const EVENTS_A_PASS: u64 = 1_000_000;

/// Events that are heard together.
const EVENTS_AT_ONCE: usize = 1_000;

/// What the events of a file would become, by the engine that would hear them and what it knows now.
///
/// A long file is read in several passes, each for some of the partitions, so that memory stays bounded.
pub(super) fn play<I>(
    data: &Data,
    n_events: u64,
    events: impl Fn() -> Result<I, Failure>,
) -> Result<Sums, Failure>
where
    I: Iterator<Item = Result<Received, Failure>>,
{
    let dir = data.dir()?;
    let notices = Registry::read(&dir)?;
    let mut known = match Reader::open_with(&dir, master_key::named()?.as_deref()) {
        Ok(reader) => Some(reader),
        // A first import makes the directory: nobody is known.
        Err(OpenError::NoData { .. }) => None,
        Err(error) => return Err(Failure::open(&error)),
    };
    let graves = known.as_ref().map(Reader::graves).transpose();
    let graves = graves.map_err(|error| Failure::open(&error))?.unwrap_or_default();
    let n_passes = n_events.div_ceil(EVENTS_A_PASS).max(1);
    let mut sums = Sums::default();
    for pass in 0..n_passes {
        let is_its =
            |event: &Received| u64::from(Partition::of(event.customer.as_str()).no()) % n_passes == pass;
        let mut copy = Copy::new(data, graves.clone())?;
        if let Some(known) = &mut known {
            copy.load(known, events()?, is_its)?;
        }
        copy.hear(events()?, is_its, &notices, &mut sums)?;
    }
    Ok(sums)
}

/// The engine, with those of whom the file speaks.
struct Copy {
    engine: Engine,
    now: Timestamp,
}

impl Copy {
    fn new(data: &Data, graves: Graves) -> Result<Self, Failure> {
        let (dir, settings) = data.find()?;
        let house = fence_sets::served(&FenceSets::read(&dir)?)?;
        let engine = Engine::new(house, policy_of(&settings)?).remembering(graves);
        Ok(Self { engine, now: Clock::Wall.now() })
    }

    fn load(
        &mut self,
        known: &mut Reader,
        events: impl Iterator<Item = Result<Received, Failure>>,
        is_its: impl Fn(&Received) -> bool,
    ) -> Result<(), Failure> {
        let hasher = RandomState::new();
        let mut spoken_of = HashSet::new();
        let mut partitions = HashSet::new();
        for event in events {
            let event = event?;
            if is_its(&event) {
                spoken_of.insert(hasher.hash_one(&event.customer));
                partitions.insert(Partition::of(event.customer.as_str()));
            }
        }
        for partition in known.partitions().filter(|partition| partitions.contains(partition)) {
            let engine = &mut self.engine;
            let scanned = known.scan_states(partition, &mut |stored| {
                if spoken_of.contains(&hasher.hash_one(stored.customer())) {
                    engine.load(stored);
                }
            });
            scanned.map_err(|error| Failure::failed(74, &error))?;
        }
        Ok(())
    }

    fn hear(
        &mut self,
        events: impl Iterator<Item = Result<Received, Failure>>,
        is_its: impl Fn(&Received) -> bool,
        notices: &Registry,
        sums: &mut Sums,
    ) -> Result<(), Failure> {
        let (mut kinds, mut words) = (Vec::new(), Vec::new());
        let mut hear = |kinds: &mut Vec<_>, words: &mut Vec<_>| {
            let said = hear_alone(&mut self.engine, &mut Forgetful, words, self.now);
            let said = said.map_err(|error| Failure::failed(74, &error))?;
            kinds.drain(..).zip(&said).for_each(|(kind, said)| sums.count(kind, said));
            words.clear();
            Ok::<_, Failure>(())
        };
        for event in events {
            let event = event?;
            if is_its(&event) {
                let (kind, word) = read(event.customer.as_str(), event.text, notices).map_err(trouble)?;
                kinds.push(kind);
                words.push(word);
            }
            if EVENTS_AT_ONCE <= words.len() {
                hear(&mut kinds, &mut words)?;
            }
        }
        hear(&mut kinds, &mut words)
    }
}

fn trouble(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Refused(problems) => Failure::Problems(problems),
        Trouble::Failed(why) => Failure::failed(74, &why),
    }
}
