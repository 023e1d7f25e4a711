//! What people say about themselves: parts of a profile, in any letter some of them.

use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::law::PLACES;
use super::laws::Muted;
use super::scene::{CATEGORIES, SEGMENTS, Scene};

/// What one letter says: each part that is there takes the place of what was said before.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProfileWord {
    lang: Option<&'static str>,
    tz: Option<Option<&'static str>>,
    minor: Option<bool>,
    favourites: Option<Vec<u32>>,
    categories: Option<Vec<&'static str>>,
    segments: Option<Vec<(u32, &'static str)>>,
    per_week: Option<Option<u8>>,
    quiet: Option<Option<(u16, u16)>>,
    muted_merchants: Option<Vec<u32>>,
    muted_fences: Option<Vec<u32>>,
    /// The dial is set back before its parts are set.
    clears_dial: bool,
    residence: Option<Option<&'static str>>,
    phone_region: Option<Option<&'static str>>,
}

impl ProfileWord {
    /// Draws a letter: mostly one part or two.
    pub(crate) fn draw(scene: &Scene, chance: &mut Chance) -> Self {
        let mut word = Self::default();
        for _ in 0..1 + chance.below(3) {
            word.draw_part(scene, chance);
        }
        word
    }

    fn draw_part(&mut self, scene: &Scene, chance: &mut Chance) {
        let (n_fences, n_merchants) = (scene.fences.len(), scene.merchants.len());
        let some = |n: usize, most: usize, chance: &mut Chance| -> Vec<u32> {
            let mut some: Vec<u32> = (0..chance.below(most + 1)).map(|_| chance.below(n) as u32).collect();
            some.sort_unstable();
            some.dedup();
            some
        };
        match chance.below(16) {
            14 => self.residence = Some(home(chance)),
            15 => self.phone_region = Some(home(chance)),
            0 => self.lang = Some(chance.of_list(&["de", "en"])),
            1 => {
                let zones = [None, Some("Asia/Tokyo"), Some("America/New_York"), Some("Pacific/Apia")];
                self.tz = Some(chance.of_list(&zones));
            }
            2 => self.minor = Some(chance.per_mille(150)),
            3..=5 => self.favourites = Some(some(n_fences, n_fences.min(20), chance)),
            6 | 7 => {
                let mut categories = vec![chance.of_list(&CATEGORIES), chance.of_list(&CATEGORIES)];
                categories.sort_unstable();
                categories.dedup();
                categories.truncate(chance.below(3));
                self.categories = Some(categories);
            }
            8 | 9 => {
                let mut one = || (chance.below(n_merchants) as u32, chance.of_list(&SEGMENTS));
                let mut segments = vec![one(), one(), one()];
                segments.sort_unstable();
                segments.dedup();
                self.segments = Some(segments);
            }
            10 => self.per_week = Some(chance.of_list(&[None, None, Some(0), Some(1), Some(2), Some(5)])),
            11 => {
                let spans =
                    [None, None, Some((0, 540)), Some((1_260, 600)), Some((90, 150)), Some((720, 780))];
                self.quiet = Some(chance.of_list(&spans));
            }
            12 => self.muted_merchants = Some(some(n_merchants, 1, chance)),
            _ => self.muted_fences = Some(some(n_fences, 2, chance)),
        }
        self.clears_dial |= chance.per_mille(60);
    }

    /// The letter.
    pub(crate) fn body(&self, scene: &Scene) -> Vec<u8> {
        let fences = |numbers: &Vec<u32>| -> Vec<&str> {
            numbers.iter().map(|no| scene.fences[*no as usize].facts.id.as_str()).collect()
        };
        let merchant = |no: u32| scene.merchants[no as usize].as_str();
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let mut parts = Map::new();
        let mut part = |name: &str, value: Option<Value>| {
            parts.extend(value.map(|value| (name.to_owned(), value)));
        };
        part("v", Some(json!(1)));
        part("lang", self.lang.map(|lang| json!(lang)));
        part("tz", self.tz.map(|tz| json!(tz)));
        part("residence", self.residence.map(|place| json!(place)));
        part("phone_region", self.phone_region.map(|place| json!(place)));
        // What is set back to nothing may be said so, too.
        part("minor", self.minor.map(|minor| if minor { json!(true) } else { Value::Null }));
        part(
            "favourites",
            self.favourites.as_ref().map(|some| or_null(json!(fences(some)), some.is_empty())),
        );
        part("categories", self.categories.as_ref().map(|some| or_null(json!(some), some.is_empty())));
        part(
            "segments",
            self.segments.as_ref().map(|segments| {
                let mut by_merchant: Map<String, Value> = Map::new();
                for (no, segment) in segments {
                    let list = by_merchant.entry(merchant(*no).to_owned()).or_insert_with(|| json!([]));
                    list.as_array_mut().expect("a list").push(json!(segment));
                }
                Value::Object(by_merchant)
            }),
        );
        let mut dial = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            dial.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("per_week", self.per_week.map(|per_week| json!(per_week)));
        let span = |(from, until): (u16, u16)| format!("{}-{}", clock(from), clock(until));
        set("quiet", self.quiet.map(|quiet| json!(quiet.map(span))));
        let merchants = |some: &Vec<u32>| some.iter().map(|no| merchant(*no)).collect::<Vec<_>>();
        set("muted_merchants", self.muted_merchants.as_ref().map(|some| json!(merchants(some))));
        set("muted_fences", self.muted_fences.as_ref().map(|some| json!(fences(some))));
        if self.clears_dial {
            parts.insert("dial".into(), Value::Null);
        } else if !dial.is_empty() {
            parts.insert("dial".into(), Value::Object(dial));
        }
        serde_json::to_vec(&parts).expect("JSON can be written")
    }

    /// What the customer has said after the letter.
    pub(crate) fn applied_to(&self, profile: oracle::Profile) -> oracle::Profile {
        let dial = if self.clears_dial { oracle::Dial::default() } else { self.dial(profile.dial) };
        let zone = |name: &str| name.parse().expect("a zone of the database");
        let owned = |names: &Vec<&str>| names.iter().map(ToString::to_string).collect();
        let segments = |some: &Vec<(u32, &'static str)>| {
            some.iter().map(|(merchant, segment)| (*merchant, (*segment).to_owned())).collect()
        };
        let place = |said: Option<Option<&str>>, before: Option<String>| {
            said.map_or(before, |said| said.map(str::to_owned))
        };
        oracle::Profile {
            residence: place(self.residence, profile.residence),
            phone_region: place(self.phone_region, profile.phone_region),
            tz: self.tz.map_or(profile.tz, |tz| tz.map(zone)),
            minor: self.minor.unwrap_or(profile.minor),
            favourites: self.favourites.clone().unwrap_or(profile.favourites),
            categories: self.categories.as_ref().map_or(profile.categories, owned),
            segments: self.segments.as_ref().map_or(profile.segments, segments),
            dial,
        }
    }

    /// What it mutes.
    pub(crate) fn mutes(&self) -> Vec<Muted> {
        let (merchants, fences) = (self.muted_merchants.iter().flatten(), self.muted_fences.iter().flatten());
        let merchants = merchants.map(|no| Muted::Merchant(*no));
        let all = merchants.chain(fences.map(|no| Muted::Fence(*no)));
        if self.clears_dial { Vec::new() } else { all.collect() }
    }

    /// Whether something that was muted before stays so.
    pub(crate) fn keeps_muted(&self, what: Muted) -> bool {
        let stays = |list: &Option<Vec<u32>>, no: u32| list.as_ref().is_none_or(|list| list.contains(&no));
        !self.clears_dial
            && match what {
                Muted::Merchant(no) => stays(&self.muted_merchants, no),
                Muted::Fence(no) => stays(&self.muted_fences, no),
            }
    }

    fn dial(&self, dial: oracle::Dial) -> oracle::Dial {
        oracle::Dial {
            per_week: self.per_week.unwrap_or(dial.per_week),
            quiet: self.quiet.unwrap_or(dial.quiet),
            muted_merchants: self.muted_merchants.clone().unwrap_or(dial.muted_merchants),
            muted_fences: self.muted_fences.clone().unwrap_or(dial.muted_fences),
        }
    }
}

fn home(chance: &mut Chance) -> Option<&'static str> {
    (!chance.per_mille(150)).then(|| chance.of_list(&PLACES))
}

fn or_null(value: Value, is_null: bool) -> Value {
    if is_null { Value::Null } else { value }
}
