//! One `[[rule]]` table, read to a rule.

use consent_gate::rules::{
    Basis, ConsentDemands, Demands, Duties, Geography, MeasuredFrom, Place, Ring, Rule, SmsDemands,
};
use model::{Jurisdiction, Meters, Millis, Timestamp, WeekHours};

use crate::law::read_purposes;
use crate::nearest::nearest;
use crate::section::{Section, Spanned};
use crate::week::parse_week;

/// Longest id, in bytes.
const ID_LEN_MAX: usize = 32;

pub(super) fn read_rule(table: &Section<'_>, geography: &Geography) -> Option<Rule> {
    let bases = Basis::ALL.map(|basis| (basis.word(), basis));
    ["where", "basis", "verified"].into_iter().for_each(|key| table.require(key));
    // Every key is asked for before the first missing one ends the reading.
    let (id, what, source) = (read_id(table), table.required_text("what"), table.required_text("source"));
    let places = read_places(table, geography);
    let demands = read_demands(table);
    let basis = table.word("basis", &bases, Basis::Law);
    let (from, until) = (day(table, "from", false), day(table, "until", false));
    let (verified, review_by) = (table.flag("verified", false), day(table, "review_by", true));
    Some(Rule {
        id: id?.value.into(),
        places,
        what: what?.value.into(),
        demands,
        source: source?.value.into(),
        basis,
        from,
        // The last day belongs to it.
        until: until.map(|until| until + Millis::from_days(1)),
        verified,
        review_by: review_by?,
    })
}

fn read_id(table: &Section<'_>) -> Option<Spanned<String>> {
    table.require("id");
    table.read("id", |text| {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'?';
        if text.len() <= ID_LEN_MAX && text.bytes().all(allowed) {
            return Ok(text.to_owned());
        }
        Err(format!("is {text:?}; it must be at most {ID_LEN_MAX} of A-Z, 0-9, - and ?"))
    })
}

fn read_places(table: &Section<'_>, geography: &Geography) -> Vec<Place> {
    let words = table.texts("where");
    words.iter().filter_map(|word| place(table, word, geography)).collect()
}

fn place(table: &Section<'_>, word: &Spanned<String>, geography: &Geography) -> Option<Place> {
    let text = word.value.as_str();
    if text == "everywhere" {
        return Some(Place::Everywhere);
    }
    if geography.groups.iter().any(|group| *group.id == *text) {
        return Some(Place::Group(text.into()));
    }
    let (name, is_unknown) = match text.strip_suffix("-?") {
        Some(country) => (country, true),
        None => (text, false),
    };
    match Jurisdiction::new(name) {
        Ok(place) if is_unknown && place.is_country() => Some(Place::PartUnknown(place)),
        Ok(place) if !is_unknown => Some(Place::In(place)),
        Ok(_) | Err(_) => {
            let groups = geography.groups.iter().map(|group| &*group.id).chain(["everywhere"]);
            let near = nearest(text, groups).map(|near| format!("did you mean {near:?}?"));
            let reason = format!(
                "holds {text:?}, which is neither a country or a part of one, nor a [[group]] of this file, nor \"everywhere\""
            );
            table.wrong("where", word.bytes.clone(), reason, near);
            None
        }
    }
}

fn read_demands(table: &Section<'_>) -> Demands {
    let lasts = span(table, "grant_lasts");
    let of_whose = read_purposes(table, "grant_purposes");
    if table.has("grant_lasts") != table.has("grant_purposes") {
        let key = if lasts.is_some() { "grant_purposes" } else { "grant_lasts" };
        table.wrong(key, table.bytes(), "is missing beside the other of the two", None);
    }
    let words = table.texts("stop_words");
    Demands {
        consent: ConsentDemands {
            double_opt_in: read_purposes(table, "double_opt_in"),
            grant_lasts: lasts.map(|lasts| (of_whose, lasts)),
            gpc_lowers: read_purposes(table, "gpc_lowers"),
            stop_words: words.into_iter().map(|word| word.value.trim().into()).collect(),
            age_min: table.count_given("age_min", 1..=120_u8),
            guardian_under: table.count_given("guardian_under", 1..=120_u8),
        },
        sms: SmsDemands {
            hours: week(table, "sms_hours"),
            per_24h_max: table.count_given("sms_per_24h_max", 0..=100_u8),
        },
        ring: ring(&table.section("ring")),
        duties: Duties {
            answer_within: span(table, "answer_within"),
            breach_within: span(table, "breach_within"),
            sale_ban: distance(&table.section("sale_ban")),
        },
    }
}

fn week(table: &Section<'_>, key: &'static str) -> Option<WeekHours> {
    table.read(key, parse_week).map(|hours| hours.value)
}

fn span(table: &Section<'_>, key: &'static str) -> Option<Millis> {
    let within = Millis::from_hours(1)..=Millis::from_days(5 * 366);
    table.has(key).then(|| table.span(key, within, Millis::from_hours(1)))
}

fn ring(table: &Section<'_>) -> Option<Ring> {
    let froms = MeasuredFrom::ALL.map(|from| (from.word(), from));
    let categories = table.texts("categories");
    let measured_from = table.word("from", &froms, MeasuredFrom::Perimeter);
    let own_allowed = table.flag("own_allowed", false);
    let distance = distance(table);
    if table.is_present() {
        ["categories", "from"].into_iter().for_each(|key| table.require(key));
    }
    let categories = categories.into_iter().map(|category| category.value.into()).collect();
    Some(Ring { categories, distance: distance?, measured_from, own_allowed })
}

/// Feet as the law has them, and metres as the program does: whoever changes one has to change the other.
fn distance(table: &Section<'_>) -> Option<Meters> {
    const FOOT_M: f64 = 0.3048;
    let feet = table.number("feet", 1.0..=1_000_000.0, 1.0);
    let metres = table.number("metres", 0.1..=300_000.0, FOOT_M);
    if !table.is_present() {
        return None;
    }
    ["feet", "metres"].into_iter().for_each(|key| table.require(key));
    if 0.05 < (feet * FOOT_M - metres).abs() {
        let reason = format!("is {metres}, and {feet} feet are {:.2} metres", feet * FOOT_M);
        table.wrong("metres", table.bytes_of("metres"), reason, None);
    }
    Some(Meters(metres))
}

/// The first instant of a day, at midnight UTC.
pub(super) fn day(table: &Section<'_>, key: &'static str, is_required: bool) -> Option<Timestamp> {
    if is_required {
        table.require(key);
    }
    let days = table.date(key)?.to_epoch_days();
    Some(Timestamp::from_unix_ms(0) + Millis::from_days(i64::from(days)))
}

/// A list of places, each with something before it.
pub(super) fn jurisdictions(table: &Section<'_>, key: &'static str, before: &str) -> Vec<Jurisdiction> {
    table.require(key);
    let full = |text: Spanned<String>| Spanned { value: format!("{before}{}", text.value), ..text };
    table.texts(key).into_iter().filter_map(|text| jurisdiction(table, key, &full(text))).collect()
}

pub(super) fn jurisdiction(
    table: &Section<'_>,
    key: &'static str,
    text: &Spanned<String>,
) -> Option<Jurisdiction> {
    match Jurisdiction::new(&text.value) {
        Ok(place) => Some(place),
        Err(flaw) => {
            table.wrong(
                key,
                text.bytes.clone(),
                format!("holds {:?}, which {}", text.value, flaw.text()),
                None,
            );
            None
        }
    }
}
