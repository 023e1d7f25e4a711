//! What an offer costs, part by part: a voucher on the lock screen of someone who walks past is dear.

use model::{Channel, FeedbackKind, Heard, Millis, Timestamp, TransitionKind};

use crate::case::Case;
use crate::clocks::{Clocks, Wall};
use crate::{Candidate, Costs};

/// The parts of a cost, in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    points: [i16; Part::ALL.len()],
}

/// One part of a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// By channel.
    Push,
    /// By channel.
    Sms,
    /// By channel.
    Email,
    /// By channel.
    Inbox,
    /// The app is not known to be open.
    Background,
    /// Entered or crossed, and no stay.
    EnterWithoutDwell,
    /// Going somewhere.
    Stroll,
    /// Early, late, or a morning of the weekend.
    Hour,
    /// A small fence.
    SmallFence,
    /// The text names the store.
    NamesStore,
    /// The text names a street.
    NamesStreet,
    /// Offers at this fence before.
    EarlierHere,
    /// Many fences today.
    ManyFences,
    /// Rests on what was bought.
    Purchases,
    /// Of a delicate category.
    Delicate,
    /// Beside a sensitive place.
    SensitiveRing,
    /// A favourite store.
    Favourite,
    /// Something was redeemed here lately.
    RedeemedHere,
    /// The merchant's last one was opened.
    OpenedLast,
    /// The app is open.
    AppOpen,
    /// On the way out.
    Exit,
    /// Of a category that the customer declared.
    CategoryDeclared,
    /// What lifts it to the least that anything costs.
    Floor,
}

impl Part {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 23] = [
        Self::Push,
        Self::Sms,
        Self::Email,
        Self::Inbox,
        Self::Background,
        Self::EnterWithoutDwell,
        Self::Stroll,
        Self::Hour,
        Self::SmallFence,
        Self::NamesStore,
        Self::NamesStreet,
        Self::EarlierHere,
        Self::ManyFences,
        Self::Purchases,
        Self::Delicate,
        Self::SensitiveRing,
        Self::Favourite,
        Self::RedeemedHere,
        Self::OpenedLast,
        Self::AppOpen,
        Self::Exit,
        Self::CategoryDeclared,
        Self::Floor,
    ];

    /// The word that records use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Inbox => "inbox",
            Self::Background => "background",
            Self::EnterWithoutDwell => "enter_without_dwell",
            Self::Stroll => "stroll",
            Self::Hour => "hour",
            Self::SmallFence => "small_fence",
            Self::NamesStore => "names_store",
            Self::NamesStreet => "names_street",
            Self::EarlierHere => "earlier_here",
            Self::ManyFences => "many_fences",
            Self::Purchases => "purchases",
            Self::Delicate => "delicate",
            Self::SensitiveRing => "sensitive_ring",
            Self::Favourite => "favourite",
            Self::RedeemedHere => "redeemed_here",
            Self::OpenedLast => "opened_last",
            Self::AppOpen => "app_open",
            Self::Exit => "exit",
            Self::CategoryDeclared => "category_declared",
            Self::Floor => "floor",
        }
    }

    const fn of(channel: Channel) -> Self {
        match channel {
            Channel::Push => Self::Push,
            Channel::Sms => Self::Sms,
            Channel::Email => Self::Email,
            Channel::Inbox => Self::Inbox,
        }
    }
}

impl Cost {
    /// In points.
    #[must_use]
    pub fn points(&self) -> u16 {
        self.points.iter().sum::<i16>().max(0).cast_unsigned()
    }

    /// Every part that is not nought, in order; together they are the cost.
    pub fn parts(&self) -> impl Iterator<Item = (Part, i16)> {
        Part::ALL.into_iter().zip(self.points).filter(|(_, points)| *points != 0)
    }

    /// The points of one part.
    #[must_use]
    pub const fn part(&self, part: Part) -> i16 {
        self.points[part as usize]
    }

    /// The least that the same offer may cost later, if nothing more is heard.
    pub(crate) fn least_points(&self, floor: u8) -> u16 {
        let passing: i16 =
            [Part::Hour, Part::EarlierHere, Part::ManyFences].map(|part| self.part(part)).iter().sum();
        let lasting = self.points().cast_signed() - self.part(Part::Floor) - passing;
        lasting.max(i16::from(floor)).cast_unsigned()
    }

    fn put(&mut self, part: Part, points: i16) {
        self.points[part as usize] = points;
    }

    fn lift_to(&mut self, floor: u8) {
        let sum: i16 = self.points.iter().sum();
        self.put(Part::Floor, (i16::from(floor) - sum).max(0));
    }
}

/// What was heard at a fence, and redeemed there, counts for so long.
const LATELY: Millis = Millis::from_days(30);

pub(crate) fn of(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> Cost {
    let costs = &case.policy.costs;
    let channel = case.candidate.terms.channel;
    let mut cost = Cost { points: [0; Part::ALL.len()] };
    cost.put(Part::of(channel), i16::from(costs.of_channel(channel)));
    raise_by_the_offer(&mut cost, case);
    raise_by_the_moment(&mut cost, case, clocks, at);
    lower(&mut cost, case, at);
    cost.lift_to(costs.floor);
    cost
}

fn raise_by_the_offer(cost: &mut Cost, case: &Case<'_>) {
    let Candidate { occasion, terms, radius_m, .. } = case.candidate;
    let (raises, speeds) = (&case.policy.costs.raises, &case.policy.speeds);
    let is_enter = matches!(occasion.trigger, TransitionKind::Enter | TransitionKind::Cross);
    let strolls = speeds.stroll_from_mm_s..=speeds.stroll_to_mm_s;
    let parts = [
        (Part::Background, occasion.foreground != Some(true), raises.background),
        (Part::EnterWithoutDwell, is_enter, raises.enter),
        (Part::Stroll, occasion.speed_mm_s.is_some_and(|mm_s| strolls.contains(&mm_s)), raises.stroll),
        (Part::SmallFence, *radius_m < case.policy.costs.small_radius_m, raises.small_fence),
        (Part::NamesStore, terms.names_store, raises.names_store),
        (Part::NamesStreet, terms.names_street, raises.names_street),
        (Part::Purchases, terms.uses_purchases, raises.purchases),
        (Part::Delicate, terms.is_delicate, raises.delicate),
        (Part::SensitiveRing, terms.is_in_ring, raises.sensitive_ring),
    ];
    for (part, _, points) in parts.into_iter().filter(|(_, holds, _)| *holds) {
        cost.put(part, i16::from(points));
    }
}

/// What time alone takes away again; [`Cost::least_points`] knows these parts.
fn raise_by_the_moment(cost: &mut Cost, case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) {
    let (costs, raises) = (&case.policy.costs, &case.policy.costs.raises);
    if is_dear_hour(case, clocks, at) {
        cost.put(Part::Hour, i16::from(raises.hour));
    }
    if usize::from(costs.many_fences) <= case.life.entered.count(at) {
        cost.put(Part::ManyFences, i16::from(raises.many_fences));
    }
    let n_here = i16::try_from(lately_here(case, at).count().min(100)).unwrap_or(100);
    let points = n_here * i16::from(raises.earlier_here);
    cost.put(Part::EarlierHere, points.min(i16::from(raises.earlier_here_max)));
}

fn lower(cost: &mut Cost, case: &Case<'_>, at: Timestamp) {
    let Candidate { occasion, terms, .. } = case.candidate;
    let lowers = &case.policy.costs.lowers;
    let was_redeemed = lately_here(case, at).any(|heard| heard.answers.has(FeedbackKind::Redeemed));
    let was_opened = case.last_of_merchant(at).is_some_and(|heard| heard.answers.has(FeedbackKind::Opened));
    let is_declared = terms.category.is_some_and(|category| case.life.profile.cares_for(category));
    let parts = [
        (Part::Favourite, case.favourite, lowers.favourite),
        (Part::RedeemedHere, was_redeemed, lowers.redeemed_here),
        (Part::OpenedLast, was_opened, lowers.opened_last),
        (Part::AppOpen, occasion.foreground == Some(true), lowers.app_open),
        (Part::Exit, occasion.trigger == TransitionKind::Exit, lowers.exit),
        (Part::CategoryDeclared, is_declared, lowers.category),
    ];
    for (part, _, points) in parts.into_iter().filter(|(_, holds, _)| *holds) {
        cost.put(part, -i16::from(points));
    }
}

fn lately_here<'a>(case: &Case<'a>, at: Timestamp) -> impl Iterator<Item = &'a Heard> {
    let here = case.counted(at).filter(|(_, same)| same.fence).map(|(heard, _)| heard);
    here.filter(move |heard| at.since(heard.at) < LATELY)
}

fn is_dear_hour(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> bool {
    let wall = case.zone().and_then(|zone| clocks.wall(zone, at));
    wall.is_some_and(|wall| is_dear(&case.policy.costs, wall))
}

const fn is_dear(costs: &Costs, wall: Wall) -> bool {
    costs.early.holds_minute(wall.minute)
        || costs.late.holds_minute(wall.minute)
        || wall.is_weekend() && costs.weekend.holds_minute(wall.minute)
}

/// Instants at which a part may change because something is too long ago.
pub(crate) fn changes<'a>(case: &'a Case<'_>) -> impl Iterator<Item = Timestamp> + use<'a> {
    let heard = case.life.heard.iter();
    let of_heard = heard.flat_map(|heard| [heard.at + LATELY, case.forgotten_at(heard)]);
    of_heard.chain(case.life.entered.falls_at())
}

/// The next instant at which the hour may cost another amount.
pub(crate) fn hour_changes_at(case: &Case<'_>, clocks: &mut Clocks, at: Timestamp) -> Option<Timestamp> {
    let Costs { early, late, weekend, .. } = &case.policy.costs;
    let [early, late, weekend] = [early, late, weekend].map(|hours| hours.minutes());
    clocks.next_of_minutes(&[early.0, early.1, late.0, late.1, weekend.0, weekend.1], case.zone()?, at)
}
