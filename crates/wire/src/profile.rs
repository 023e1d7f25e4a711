//! What a customer says about themselves: likes, groups, and how much they want to hear.

use model::{Dial, FenceId, IdFlaw, Jurisdiction, MerchantId, Profile};
use serde::Serialize;
use serde::de::{Deserialize, Error, MapAccess};
use std::collections::BTreeMap;

use crate::json::{self, Fields, Object, Scalar, check_version, fill};
use crate::names::Names;
use crate::{Envelope, Flaw};

/// A change of a profile: what is there replaces that part, `None` inside clears it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// Language.
    pub lang: Option<Option<Box<str>>>,
    /// Time zone at home.
    pub tz: Option<Option<Box<str>>>,
    /// Not of age.
    pub minor: Option<bool>,
    /// Where they live.
    pub residence: Option<Option<Jurisdiction>>,
    /// Where their phone number is from.
    pub phone_region: Option<Option<Jurisdiction>>,
    /// Stores that they like.
    pub favourites: Option<Vec<FenceId>>,
    /// Kinds of things that they care for.
    pub categories: Option<Vec<Box<str>>>,
    /// Groups that they declared to merchants.
    pub segments: Option<Vec<(MerchantId, Box<str>)>>,
    /// How much they want to hear.
    pub dial: DialChange,
}

/// A change of the dial.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DialChange {
    /// At most so many a week.
    pub per_week: Option<Option<u8>>,
    /// Quiet from one minute of the day until another.
    pub quiet: Option<Option<(u16, u16)>>,
    /// Merchants of whom they want to hear nothing.
    pub muted_merchants: Option<Vec<MerchantId>>,
    /// Stores of which they want to hear nothing.
    pub muted_fences: Option<Vec<FenceId>>,
}

impl ProfileChange {
    /// The part of it that counts of somebody of whom nothing else is known: whether they may be seen at all, and
    /// whose law binds. `None` when there is no such part.
    #[must_use]
    pub fn binding(self) -> Option<Self> {
        let minor = self.minor.filter(|minor| *minor);
        let residence = self.residence.filter(Option::is_some);
        let phone_region = self.phone_region.filter(Option::is_some);
        let is_there = minor.is_some() || residence.is_some() || phone_region.is_some();
        is_there.then(|| Self { minor, residence, phone_region, ..Self::default() })
    }

    /// The profile after the change.
    #[must_use]
    pub fn applied_to(self, profile: Profile) -> Profile {
        let dial = Dial {
            per_week: self.dial.per_week.unwrap_or(profile.dial.per_week),
            quiet: self.dial.quiet.unwrap_or(profile.dial.quiet),
            muted_merchants: self.dial.muted_merchants.unwrap_or(profile.dial.muted_merchants),
            muted_fences: self.dial.muted_fences.unwrap_or(profile.dial.muted_fences),
        };
        Profile {
            lang: self.lang.unwrap_or(profile.lang),
            tz: self.tz.unwrap_or(profile.tz),
            minor: self.minor.unwrap_or(profile.minor),
            residence: self.residence.unwrap_or(profile.residence),
            phone_region: self.phone_region.unwrap_or(profile.phone_region),
            favourites: self.favourites.unwrap_or(profile.favourites),
            categories: self.categories.unwrap_or(profile.categories),
            segments: self.segments.unwrap_or(profile.segments),
            dial,
        }
    }

    /// What of it a customer may say themselves, and how many parts only a backend may.
    ///
    /// Of what is said about somebody's age the strictest holds against their own word (V05), and nobody
    /// moves to where the law is milder by saying so.
    pub(crate) fn by_customer(self) -> (Self, u64) {
        let n_barred = u64::from(self.residence.is_some()) + u64::from(self.phone_region.is_some());
        let minor = self.minor.filter(|minor| *minor);
        (Self { minor, residence: None, phone_region: None, ..self }, n_barred)
    }
}

/// Longest name of a language, a zone, a category or a group.
const NAME_LEN_MAX: usize = 64;

#[derive(Default)]
struct RawProfile<'a> {
    version: Scalar<'a>,
    lang: Scalar<'a>,
    tz: Scalar<'a>,
    minor: Scalar<'a>,
    residence: Scalar<'a>,
    phone_region: Scalar<'a>,
    favourites: Part<Vec<String>>,
    categories: Part<Vec<String>>,
    segments: Part<BTreeMap<String, Vec<String>>>,
    dial: Part<Object<RawDial<'a>>>,
    names: Names<'a>,
    n_unexpected: u64,
}

#[derive(Default)]
struct RawDial<'a> {
    per_week: Scalar<'a>,
    quiet: Scalar<'a>,
    muted_merchants: Part<Vec<String>>,
    muted_fences: Part<Vec<String>>,
}

/// A part that is bigger than a scalar: outside `None` when it is absent, inside when it is cleared.
type Part<T> = Option<Option<T>>;

fn fill_part<'a, T, A>(part: &mut Part<T>, map: &mut A) -> Result<(), A::Error>
where
    T: Deserialize<'a>,
    A: MapAccess<'a>,
{
    let value = map.next_value()?;
    if part.is_some() {
        return Err(A::Error::custom("a key comes twice"));
    }
    *part = Some(value);
    Ok(())
}

impl<'a> Fields<'a> for RawProfile<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.n_unexpected += u64::from(Names::is_unexpected(key));
        let slot = match key {
            "v" => &mut self.version,
            "lang" => &mut self.lang,
            "tz" => &mut self.tz,
            "minor" => &mut self.minor,
            "residence" => &mut self.residence,
            "phone_region" => &mut self.phone_region,
            "favourites" => return fill_part(&mut self.favourites, map),
            "categories" => return fill_part(&mut self.categories, map),
            "segments" => return fill_part(&mut self.segments, map),
            "dial" => return fill_part(&mut self.dial, map),
            _ => match self.names.slot(key) {
                Some(slot) => slot,
                None => return json::skip(map),
            },
        };
        fill(slot, map)
    }
}

impl<'a> Fields<'a> for RawDial<'a> {
    fn take<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "per_week" => fill(&mut self.per_week, map),
            "quiet" => fill(&mut self.quiet, map),
            "muted_merchants" => fill_part(&mut self.muted_merchants, map),
            "muted_fences" => fill_part(&mut self.muted_fences, map),
            _ => json::skip(map),
        }
    }
}

/// The change, and how many fields claim a power that no payload has.
pub(crate) fn read(envelope: &Envelope<'_>) -> Result<(ProfileChange, u64), Flaw> {
    let raw: RawProfile<'_> = json::read(envelope.body)?;
    check_version(&raw.version, Flaw::UnknownFormat)?;
    raw.names.check(envelope)?;
    let change = ProfileChange {
        lang: text(&raw.lang)?,
        tz: text(&raw.tz)?,
        minor: match raw.minor {
            Scalar::Null => Some(false),
            _ => raw.minor.switch()?,
        },
        residence: jurisdiction(&raw.residence)?,
        phone_region: jurisdiction(&raw.phone_region)?,
        favourites: list(raw.favourites, id_of(FenceId::new))?,
        categories: list(raw.categories, name)?,
        segments: segments(raw.segments)?,
        dial: dial(raw.dial)?,
    };
    Ok((change, raw.n_unexpected))
}

/// A dial that is cleared is one on which nothing is set.
fn dial(raw: Part<Object<RawDial<'_>>>) -> Result<DialChange, Flaw> {
    let raw = match raw {
        None => return Ok(DialChange::default()),
        Some(None) => {
            return Ok(DialChange {
                per_week: Some(None),
                quiet: Some(None),
                muted_merchants: Some(Vec::new()),
                muted_fences: Some(Vec::new()),
            });
        }
        Some(Some(Object(raw))) => raw,
    };
    Ok(DialChange {
        per_week: per_week(&raw.per_week)?,
        quiet: text(&raw.quiet)?.map(|quiet| quiet.map(|span| daily_span(&span)).transpose()).transpose()?,
        muted_merchants: list(raw.muted_merchants, id_of(MerchantId::new))?,
        muted_fences: list(raw.muted_fences, id_of(FenceId::new))?,
    })
}

fn per_week(value: &Scalar<'_>) -> Result<Option<Option<u8>>, Flaw> {
    match *value {
        Scalar::Absent => Ok(None),
        Scalar::Null => Ok(Some(None)),
        Scalar::Integer(n) if (0..=i64::from(Dial::PER_WEEK_MAX)).contains(&n) => Ok(Some(Some(n as u8))),
        Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Nested => {
            Err(Flaw::Malformed)
        }
    }
}

/// `22:00-08:00`, as two minutes of the day.
fn daily_span(text: &str) -> Result<(u16, u16), Flaw> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let number = |digits: &str| {
            (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
        };
        let (hour, minute): (u16, u16) = (number(hour)?, number(minute)?);
        let of_day = hour * 60 + minute;
        (minute < 60 && of_day <= 24 * 60).then_some(of_day)
    };
    let span = text.split_once('-').and_then(|(from, until)| Some((minute(from)?, minute(until)?)));
    // The day begins at 00:00, and a span that is no span would be either always or never.
    span.filter(|(from, until)| *from < 24 * 60 && from != until).ok_or(Flaw::Malformed)
}

/// Groups, each with the merchant to whom it was declared.
type Segments = Vec<(MerchantId, Box<str>)>;

fn segments(raw: Part<BTreeMap<String, Vec<String>>>) -> Result<Option<Segments>, Flaw> {
    let Some(raw) = raw else { return Ok(None) };
    let mut segments = Vec::new();
    for (merchant, groups) in raw.unwrap_or_default() {
        let merchant = id_of(MerchantId::new)(&merchant)?;
        for group in groups {
            segments.push((merchant.clone(), name(&group)?));
        }
    }
    in_order(segments).map(Some)
}

fn list<T: Ord>(
    raw: Part<Vec<String>>,
    make: impl Fn(&str) -> Result<T, Flaw>,
) -> Result<Option<Vec<T>>, Flaw> {
    let Some(raw) = raw else { return Ok(None) };
    let made: Result<Vec<T>, Flaw> = raw.unwrap_or_default().iter().map(|text| make(text)).collect();
    in_order(made?).map(Some)
}

fn in_order<T: Ord>(mut entries: Vec<T>) -> Result<Vec<T>, Flaw> {
    entries.sort_unstable();
    entries.dedup();
    if Profile::ENTRIES_MAX < entries.len() { Err(Flaw::TooMany) } else { Ok(entries) }
}

fn id_of<T>(make: fn(&str) -> Result<T, IdFlaw>) -> impl Fn(&str) -> Result<T, Flaw> {
    move |text| make(text).map_err(|_| Flaw::BadId)
}

fn text(value: &Scalar<'_>) -> Result<Option<Option<Box<str>>>, Flaw> {
    match value {
        Scalar::Absent => Ok(None),
        Scalar::Null => Ok(Some(None)),
        Scalar::Text(text) => name(text).map(|text| Some(Some(text))),
        Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Number(_) | Scalar::Nested => Err(Flaw::Malformed),
    }
}

fn jurisdiction(value: &Scalar<'_>) -> Result<Option<Option<Jurisdiction>>, Flaw> {
    let known = |name: Box<str>| Jurisdiction::new(&name).map_err(|_| Flaw::Malformed);
    text(value)?.map(|given| given.map(known).transpose()).transpose()
}

fn name(text: &str) -> Result<Box<str>, Flaw> {
    let is_name = !text.is_empty() && text.len() <= NAME_LEN_MAX && !text.chars().any(char::is_control);
    if is_name { Ok(text.into()) } else { Err(Flaw::Malformed) }
}

/// Writes a whole profile as a change that makes any profile this one.
#[must_use]
pub fn encode_profile(profile: &Profile) -> Vec<u8> {
    let mut segments: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (merchant, segment) in &profile.segments {
        segments.entry(merchant.as_str()).or_default().push(segment);
    }
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let Dial { per_week, quiet, muted_merchants, muted_fences } = &profile.dial;
    json::write(&Written {
        v: 1,
        lang: profile.lang.as_deref(),
        tz: profile.tz.as_deref(),
        minor: profile.minor,
        residence: profile.residence.as_ref().map(Jurisdiction::as_str),
        phone_region: profile.phone_region.as_ref().map(Jurisdiction::as_str),
        favourites: profile.favourites.iter().map(FenceId::as_str).collect(),
        categories: profile.categories.iter().map(|category| &**category).collect(),
        segments,
        dial: WrittenDial {
            per_week: *per_week,
            quiet: quiet.map(|(from, until)| format!("{}-{}", clock(from), clock(until))),
            muted_merchants: muted_merchants.iter().map(MerchantId::as_str).collect(),
            muted_fences: muted_fences.iter().map(FenceId::as_str).collect(),
        },
    })
}

#[derive(Serialize)]
struct Written<'a> {
    v: u8,
    lang: Option<&'a str>,
    tz: Option<&'a str>,
    minor: bool,
    residence: Option<&'a str>,
    phone_region: Option<&'a str>,
    favourites: Vec<&'a str>,
    categories: Vec<&'a str>,
    segments: BTreeMap<&'a str, Vec<&'a str>>,
    dial: WrittenDial<'a>,
}

#[derive(Serialize)]
struct WrittenDial<'a> {
    per_week: Option<u8>,
    quiet: Option<String>,
    muted_merchants: Vec<&'a str>,
    muted_fences: Vec<&'a str>,
}
