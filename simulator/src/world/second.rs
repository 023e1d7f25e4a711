//! The same world for the oracle, which knows no room of ours: plain numbers and degrees.

use model::{MerchantId, Position, TransitionKind};
use offers::Draft;
use oracle::Kind;
use spatial_index::{Fence, Polygon, Shape};

/// The number of a merchant.
pub(crate) type MerchantNo<'a> = &'a dyn Fn(&MerchantId) -> Option<u32>;

/// A fence as the oracle takes it.
pub(crate) fn fence(fence: &Fence, merchant_no: MerchantNo<'_>) -> oracle::Fence {
    let facts = &fence.facts;
    oracle::Fence {
        id: facts.id.as_str().to_owned(),
        merchant: facts.merchant.as_ref().and_then(merchant_no),
        shape: shape(&fence.shape),
        radius_m: fence.shape.radius().0,
        tz: facts.tz.as_deref().map(|name| name.parse().expect("a zone was looked up when it was read")),
        country_zones: facts.country.as_deref().map_or_else(Vec::new, zones_of_country),
        hours: facts.opening_hours.as_deref().map(week),
    }
}

/// Countries that scenes lie in, with their wall clocks.
const COUNTRIES: [(&str, &[chrono_tz::Tz]); 3] = [
    ("JP", &[chrono_tz::Asia::Tokyo]),
    ("NZ", &[chrono_tz::Pacific::Auckland, chrono_tz::Pacific::Chatham]),
    ("EC", &[chrono_tz::America::Guayaquil, chrono_tz::Pacific::Galapagos]),
];

fn zones_of_country(code: &str) -> Vec<chrono_tz::Tz> {
    let known = COUNTRIES.iter().find(|(known, _)| *known == code);
    known.unwrap_or_else(|| panic!("no scene lies in {code}")).1.to_vec()
}

const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/// Opening hours of the plain kind that scenes have, such as `Mo-Fr 08:00-18:00; Sa 20:00-26:00`, each
/// day in one rule at most.
pub(crate) fn week(text: &str) -> oracle::Week {
    let day = |name: &str| DAYS.iter().position(|day| *day == name).expect("a day") as u8;
    let minute = |clock: &str| -> u16 {
        let (hour, minute) = clock.split_once(':').expect("an hour and a minute");
        hour.parse::<u16>().expect("an hour") * 60 + minute.parse::<u16>().expect("a minute")
    };
    let rule = |rule: &str| {
        let (days, span) = rule.trim().split_once(' ').expect("days and a span");
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (from, until) = span.split_once('-').expect("a beginning and an end");
        (day(first)..=day(last)).map(|day| (day, minute(from), minute(until))).collect::<Vec<_>>()
    };
    oracle::Week(text.split(';').flat_map(rule).collect())
}

/// An offer as the oracle takes it.
pub(crate) fn offer(draft: &Draft, fences: &[Fence], merchant_no: MerchantNo<'_>) -> oracle::Offer {
    let is_meant = |fence: &Fence| {
        let facts = &fence.facts;
        draft.fences.contains(&facts.id) || facts.tags.iter().any(|tag| draft.tags.contains(tag))
    };
    let numbered = (0..).zip(fences).filter(|(_, fence)| is_meant(fence));
    let needs = draft.audience.needs.iter();
    oracle::Offer {
        id: draft.id.as_str().to_owned(),
        merchant: merchant_no(&draft.merchant).expect("an offer is a merchant's of this place"),
        trigger: kind(draft.trigger),
        fences: numbered.map(|(no, _)| no).collect(),
        priority: draft.priority,
        valid_for_ms: draft.valid_for.ms(),
        channel: channel(draft.channel),
        value: draft.value,
        category: draft.category.as_deref().map(Into::into),
        season: oracle::Season {
            starts_on: draft.season.starts_on,
            ends_on: draft.season.ends_on,
            schedule: draft.season.schedule.as_deref().map(week),
            open_only: draft.season.open_only,
        },
        audience: oracle::Audience {
            segments: draft.audience.segments.iter().map(ToString::to_string).collect(),
            uses_purchases: draft.audience.uses_purchases,
            needs: needs.map(|word| purpose_of(word)).collect(),
        },
        stock: draft.stock.total,
        stock_per_day: draft.stock.per_day,
        holdout_permille: draft.holdout_permille,
        mode: mode(draft.mode),
        operated: oracle::Operated::Running,
        text: text(draft, fences),
    }
}

/// What is to be known of the words that worlds use.
fn text(draft: &Draft, fences: &[Fence]) -> oracle::Text {
    let texts = [&draft.text].into_iter().chain(draft.lang.iter().map(|(_, text)| text));
    let words: Vec<String> =
        texts.map(|text| format!("{} | {} | {:?}", text.title, text.body, text.link)).collect();
    let words = words.join(" || ");
    let names_store = words.contains("{{ store }}");
    // One word that hurries is allowed, and a store's own name can bring the second.
    let hurries = |fence: &Fence| names_store && fence.facts.name.contains("Hurry");
    let breaks_at = (0..).zip(fences).filter(|(_, fence)| words.contains("Only today") && hurries(fence));
    oracle::Text {
        breaks_at: breaks_at.map(|(no, _)| no).collect(),
        names_store,
        names_street: words.contains("Main Street"),
        words,
    }
}

fn purpose_of(word: &str) -> oracle::Purpose {
    match word {
        "offers.sms" => oracle::Purpose::OffersSms,
        "offers.inbox" => oracle::Purpose::OffersInbox,
        "personalisation" => oracle::Purpose::Personalisation,
        other => panic!("no offer of a world needs {other}"),
    }
}

/// A kind of transition as the oracle takes it.
pub(crate) const fn kind(kind: TransitionKind) -> Kind {
    match kind {
        TransitionKind::Enter => Kind::Enter,
        TransitionKind::Dwell => Kind::Dwell,
        TransitionKind::Exit => Kind::Exit,
        TransitionKind::Cross => Kind::Cross,
    }
}

/// A channel as the oracle takes it.
pub(crate) const fn channel(channel: model::Channel) -> oracle::Channel {
    match channel {
        model::Channel::Push => oracle::Channel::Push,
        model::Channel::Sms => oracle::Channel::Sms,
        model::Channel::Email => oracle::Channel::Email,
        model::Channel::Inbox => oracle::Channel::Inbox,
    }
}

/// A mode as the oracle takes it.
pub(crate) const fn mode(mode: offers::Mode) -> oracle::Mode {
    match mode {
        offers::Mode::Live => oracle::Mode::Live,
        offers::Mode::Shadow => oracle::Mode::Shadow,
        offers::Mode::Observe => oracle::Mode::Observe,
    }
}

/// A shape as the oracle takes it.
pub(crate) fn shape(shape: &Shape) -> oracle::Shape {
    match shape {
        Shape::Circle { center, radius } => {
            oracle::Shape::Circle { centre: place(*center), radius_m: radius.0 }
        }
        Shape::Polygons(polygons) => oracle::Shape::Polygons(polygons.iter().map(rings).collect()),
    }
}

const fn place(position: Position) -> oracle::Place {
    oracle::Place { lat: position.lat(), lng: position.lng() }
}

fn rings(polygon: &Polygon) -> Vec<Vec<oracle::Place>> {
    let corners =
        |ring: Vec<[f64; 2]>| ring.into_iter().map(|[lng, lat]| oracle::Place { lat, lng }).collect();
    polygon.rings().map(corners).collect()
}

/// A fix as the oracle takes it.
pub(crate) fn fix(fix: &model::Fix) -> oracle::Fix {
    oracle::Fix {
        taken_at_ms: fix.taken_at.unix_ms(),
        at: place(fix.position),
        accuracy_m: fix.accuracy.map(|accuracy| accuracy.0),
        speed_mps: fix.speed_mps.map(f64::from),
        mock: fix.mock,
        still: fix.still,
        foreground: fix.foreground,
    }
}
