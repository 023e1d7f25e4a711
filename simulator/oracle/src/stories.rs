//! The rules as short stories: one street, one customer or two, and what must come of it.

mod doors;
mod laws;
mod offers;
mod restraint;
mod stays;

use crate::{
    Answer, Answers, Audience, Budget, Caps, Channel, Consent, ConsentState, Counts, Dial, Failed, Fence,
    Fix, Heard, Kind, Leaving, Mode, Offer, Operated, Oracle, Patience, Person, Place, Profile, Purpose,
    Restored, Rests, Rules, Said, Season, Shape, Standing, StoredConsent, StoredCustomer, StoredNotice,
    StoredVisit, Text, Week, What, Word,
};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Midnight on UTC, a Monday.
const MONDAY: i64 = 1_780_272_000 * SECOND;
/// Metres in a degree of the equator.
const METRES_A_DEGREE: f64 = 111_319.490_793;

/// Along the equator: `books` (0) at 0 m, `cafe` (1) at 2 km, `door` (2) at 6 km, of merchant 0;
/// `toys` (3) at 4 km of merchant 1; `attic` (4) at 8 km without a clock. All of 100 m.
const BOOKS: f64 = 100_000.0;
const CAFE: f64 = 102_000.0;
const TOYS: f64 = 104_000.0;
const DOOR: f64 = 106_000.0;
const ATTIC: f64 = 108_000.0;

struct Street {
    oracle: Oracle,
    now_ms: i64,
}

fn fences() -> Vec<Fence> {
    let fence = |(id, x_m, merchant, tz): (&str, f64, u32, Option<chrono_tz::Tz>)| Fence {
        id: id.to_owned(),
        merchant: Some(merchant),
        shape: Shape::Circle { centre: east(x_m), radius_m: 100.0 },
        radius_m: 100.0,
        tz,
        country_zones: Vec::new(),
        hours: None,
    };
    let utc = Some(chrono_tz::UTC);
    [
        ("books", BOOKS, 0, utc),
        ("cafe", CAFE, 0, utc),
        ("door", DOOR, 0, utc),
        ("toys", TOYS, 1, utc),
        ("attic", ATTIC, 0, None),
    ]
    .map(fence)
    .to_vec()
}

fn east(x_m: f64) -> Place {
    Place { lat: 0.0, lng: x_m / METRES_A_DEGREE }
}

fn offers() -> Vec<Offer> {
    vec![
        Offer::plain("five", 0, Kind::Dwell, &[0], 1),
        Offer::plain("ten", 0, Kind::Dwell, &[0], 9),
        Offer::plain("latte", 0, Kind::Dwell, &[1, 4], 1),
        Offer::plain("hello", 0, Kind::Enter, &[2], 1),
        Offer::plain("bye", 0, Kind::Exit, &[2], 1),
        Offer::plain("brick", 1, Kind::Dwell, &[3, 0], 1),
    ]
}

impl Street {
    /// Customer 1 agreed to everything of merchant 0 two days ago; it is Wednesday, 12:00.
    fn new(rules: Rules) -> Self {
        Self::with(fences(), offers(), rules)
    }

    fn with(fences: Vec<Fence>, offers: Vec<Offer>, rules: Rules) -> Self {
        let oracle = Oracle::new(fences, offers, rules);
        let mut street = Self { oracle, now_ms: MONDAY + 12 * HOUR };
        street.say(0, Word::Grant { until_ms: None, token: None }, 0);
        street.now_ms += 2 * DAY;
        street.told();
        street
    }

    fn say(&mut self, merchant: u32, word: Word, ago_ms: i64) {
        for purpose in [Purpose::Location, Purpose::Background, Purpose::OffersPush] {
            let at_ms = Some(self.now_ms - ago_ms);
            let is_grant = matches!(word, Word::Grant { .. });
            let shown_at_ms = at_ms.filter(|_| is_grant);
            let consent = Consent { shown_at_ms, ..Consent::said(word, at_ms) };
            self.oracle.consent(1, merchant, purpose, &consent, self.now_ms);
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.oracle.stage(self.now_ms);
        self.oracle.committed(self.now_ms);
    }

    /// A fix with an accuracy of 10 m.
    fn fix(&self, x_m: f64) -> Fix {
        Fix { accuracy_m: Some(10.0), ..Fix::at(self.now_ms, east(x_m)) }
    }

    /// So much later, with all timers in their time, a fix arrives.
    fn after(&mut self, span_ms: i64, change: impl Fn(Fix) -> Fix, x_m: f64) -> Vec<String> {
        self.wait(span_ms);
        let fix = change(self.fix(x_m));
        self.oracle.message(1, 0, &[fix], self.now_ms);
        self.settle();
        self.told()
    }

    fn wait(&mut self, span_ms: i64) {
        self.now_ms += span_ms;
        self.oracle.time(self.now_ms);
        self.settle();
    }

    fn told(&mut self) -> Vec<String> {
        let said = |told: crate::Told| match told.what {
            What::Transition { kind, fence, reason: None, .. } => format!("{} {fence}", kind.word()),
            What::Transition { kind, fence, reason: Some(why), .. } => {
                format!("{} {fence} {why}", kind.word())
            }
            What::Offer { offer, .. } => format!("offer {offer}"),
            What::Suppressed { offer, reason, .. } => format!("no {offer} {reason}"),
            What::Dropped { reason } => format!("dropped {reason}"),
            What::Refused { reason } => format!("refused {reason}"),
        };
        self.oracle.told().into_iter().map(said).collect()
    }
}

/// Fixes of one phone, in order: so many seconds after the one before, so many metres from `books`,
/// and what comes of it.
fn check(rules: Rules, steps: &[(i64, f64, &[&str])]) {
    let mut street = Street::new(rules);
    for (i, (secs, x_m, says)) in steps.iter().enumerate() {
        let told = street.after(secs * SECOND, |fix| fix, BOOKS + x_m);
        assert_eq!(told, *says, "step {i}");
    }
}

/// Caps, rests of fences and hours, and none of the rules that came later: nothing is waited for, nothing
/// costs, and offers and merchants may repeat themselves.
fn simple() -> Rules {
    let rests = Rests { offer_ms: 0, offer_ever_max: 999, merchant_ms: 0, ..Rests::default() };
    Rules {
        gather_ms: 0,
        budget: free(),
        rests,
        caps: Caps { all_7d: 999, ..Caps::default() },
        ..Rules::default()
    }
}

fn free() -> Budget {
    Budget { enforced: false, ..Budget::default() }
}

/// No rule of restraint but those of a visit.
fn talkative() -> Rules {
    Rules {
        caps: Caps {
            push_24h: 99,
            push_civil_day: 99,
            push_7d: 99,
            push_30d: 99,
            all_7d: 99,
            sms_7d: 99,
            sms_30d: 99,
            ..Caps::default()
        },
        rests: Rests {
            fence_ms: 0,
            favourite_fence_ms: 0,
            offer_ms: 0,
            offer_ever_max: 999,
            merchant_ms: 0,
            between_ms: 0,
            settle_in_ms: 0,
        },
        hours: (0, 1_440),
        ..simple()
    }
}

/// One fix of an odd kind in the middle of an ordinary stay at `books`.
fn check_odd(change: impl Fn(Fix) -> Fix, says: &[&str]) {
    let mut street = Street::new(simple());
    street.after(0, |fix| fix, BOOKS + 400.0);
    street.after(MINUTE, |fix| fix, BOOKS);
    assert_eq!(street.after(3 * MINUTE, change, BOOKS), says);
}
