//! Bad messages, row by row of the project's list of faults, each with what must follow.
//!
//! Whatever is made here never brings an offer that an honest message would not, never a
//! transition unless it is a fix after all, and costs no neighbour's message anything. It is aimed at a
//! customer who agreed to be located: of anybody else every payload is refused unread.

mod letters;
mod payloads;
#[cfg(test)]
mod tests;
mod topics;

use wire::Topics;

/// A bad message, ready to be published.
#[derive(Clone, Debug)]
pub(crate) struct Hostile {
    /// Of the list of faults, such as `P03`.
    pub(crate) row: &'static str,
    /// What is bad about it, as in the name of a test.
    pub(crate) what: &'static str,
    /// Where it comes in.
    pub(crate) door: Door,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    /// What must become of its records, in any order.
    pub(crate) outcomes: Vec<Outcome>,
    /// False where the listener may hang up.
    pub(crate) keeps_connection: bool,
}

/// Where a message comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Fixes of one device: its payload fits an engine's letter as it is.
    Fixes,
    /// Records of many.
    Batch,
    Consent,
    Feedback,
    /// A topic that is nobody's, or has no names in it.
    Nowhere,
}

/// What must become of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Acknowledged, counted under this word, and nothing else.
    Dropped(&'static str),
    /// A fix after all; with a word it triggers nothing and is counted under it.
    ///
    /// So it is of a device that has told nothing newer. Of another one it may be `out_of_order`, a
    /// `duplicate` or a held `jump` instead.
    Used(Option<&'static str>),
    /// The second of two that are the same: a `duplicate`, under the same condition.
    Repeated,
    /// A consent event or feedback that changes nothing, answered and counted under this word.
    Unusable(&'static str),
    /// Feedback on an offer that this customer never got.
    Unknown,
    /// Not let in: a negative PUBACK to a client of MQTT 5, a plain one to one of 3.1.1.
    Denied,
}

impl Outcome {
    /// Whether nothing that the device told before can change it.
    pub(crate) const fn is_certain(self) -> bool {
        match self {
            Self::Dropped(_) | Self::Unusable(_) | Self::Unknown | Self::Denied => true,
            Self::Used(_) | Self::Repeated => false,
        }
    }
}

/// Whom it is sent in the name of, and where and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim<'a> {
    pub(crate) topics: &'a Topics,
    pub(crate) customer: &'a str,
    pub(crate) device: &'a str,
    /// Where a fix that is used after all puts the device, in degrees.
    pub(crate) lat: f64,
    pub(crate) lng: f64,
    /// Unix milliseconds by the server's clock.
    pub(crate) now_ms: i64,
}

/// The `n`th bad message of a seed, after which the connection goes on.
pub(crate) fn pick(seed: u64, n: u64, aim: &Aim<'_>) -> Hostile {
    picked(
        &[payloads::KINDS, letters::KINDS, topics::KINDS],
        &[payloads::LARGE, letters::LARGE],
        seed,
        n,
        aim,
    )
}

/// The same of one device's fixes alone.
pub(crate) fn pick_payload(seed: u64, n: u64, aim: &Aim<'_>) -> Hostile {
    picked(&[payloads::KINDS], &[payloads::LARGE], seed, n, aim)
}

/// The `n`th bad message of a seed after which the listener may hang up.
pub(crate) fn pick_ending(seed: u64, n: u64, aim: &Aim<'_>) -> Hostile {
    let hostile = picked(&[topics::ENDING], &[topics::ENDING], seed, n, aim);
    Hostile { keeps_connection: false, ..hostile }
}

/// One of every kind after which the connection goes on.
pub(crate) fn every(seed: u64, aim: &Aim<'_>) -> Vec<Hostile> {
    let tables = [payloads::KINDS, payloads::LARGE, letters::KINDS, letters::LARGE, topics::KINDS];
    (0..).zip(tables.into_iter().flatten()).map(|(n, kind)| kind.make(aim, &mut Dice::of(seed, n))).collect()
}

/// One message in so many is of a kind that weighs up to a mebibyte and a half.
const ONE_LARGE_IN: usize = 64;

fn picked(kinds: &[&[Kind]], large: &[&[Kind]], seed: u64, n: u64, aim: &Aim<'_>) -> Hostile {
    let mut dice = Dice::of(seed, n);
    let tables = if dice.below(ONE_LARGE_IN) == 0 { large } else { kinds };
    let no = dice.below(tables.iter().map(|table| table.len()).sum());
    let kind = tables.iter().copied().flatten().nth(no).expect("the number is below the sum");
    kind.make(aim, &mut dice)
}

/// How to make one kind of bad message.
struct Kind {
    row: &'static str,
    what: &'static str,
    make: fn(&Aim<'_>, &mut Dice) -> Made,
}

/// A message without its name.
struct Made {
    door: Door,
    topic: String,
    payload: Vec<u8>,
    outcomes: Vec<Outcome>,
}

impl Kind {
    fn make(&self, aim: &Aim<'_>, dice: &mut Dice) -> Hostile {
        let Made { door, topic, payload, outcomes } = (self.make)(aim, dice);
        let &Self { row, what, .. } = self;
        Hostile { row, what, door, topic, payload, outcomes, keeps_connection: true }
    }
}

impl Aim<'_> {
    /// A message on the device's own topic.
    fn fixes(&self, payload: impl Into<Vec<u8>>, outcomes: &[Outcome]) -> Made {
        let topic = self.topics.fix(self.customer, self.device);
        Made { door: Door::Fixes, topic, payload: payload.into(), outcomes: outcomes.to_vec() }
    }

    /// An honest fix as text, so many milliseconds ago, with more fields behind a comma.
    fn fix(&self, ago_ms: i64, more: &str) -> String {
        self.fix_with(&(self.now_ms - ago_ms).to_string(), &self.lat.to_string(), &self.lng.to_string(), more)
    }

    fn fix_with(&self, ts: &str, lat: &str, lon: &str, more: &str) -> String {
        format!(r#"{{"v":1,"ts":{ts},"lat":{lat},"lon":{lon},"fg":true{more}}}"#)
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    const fn of(seed: u64, n: u64) -> Self {
        Self(seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one that is not nought.
    const fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
