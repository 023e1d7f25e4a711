//! One `[[offer]]` table, read to a draft.

use std::collections::HashMap;
use std::ops::Range;

use consent_gate::Purpose;
use model::{Channel, FenceId, IdFlaw, MerchantId, Millis, OfferId, TransitionKind};
use offers::{Audience, DELICATE_CATEGORIES, Draft, Limits, Mode, Season, Text, is_category};

use super::Written;
use crate::OfferSettings;
use crate::nearest::nearest;
use crate::section::{Section, Spanned};

/// Largest template in bytes: rendered it may be no longer than 240 characters.
const TEMPLATE_LEN_MAX: usize = 4 << 10;

pub(super) fn read_offer(section: &Section<'_>, settings: OfferSettings) -> Option<Written> {
    // Every key is asked for before the first missing one ends the reading.
    let mut places = HashMap::new();
    let fences = section.texts("fences");
    let tags = section.texts("tags");
    let rest = read_rest(section, settings);
    let id = read_id(section, "id", OfferId::new);
    let merchant = read_id(section, "merchant", MerchantId::new);
    let text = read_text(section, "", &mut places);
    let lang = read_languages(section, &mut places);
    let fence_ids = read_fence_ids(section, &fences);
    for key in ["starts_on", "ends_on", "schedule", "open_only", "stock_total", "stock_per_day", "category"] {
        places.extend(section.has(key).then(|| (key.to_owned(), section.bytes_of(key))));
    }
    let (id, merchant, text) = (id?, merchant?, text?);
    places.insert("id".to_owned(), id.bytes);
    let draft = Draft {
        fences: fence_ids,
        tags: tags.iter().map(|tag| tag.value.as_str().into()).collect(),
        text,
        lang,
        ..rest(id.value, merchant.value)
    };
    let bytes = |texts: Vec<Spanned<String>>| texts.into_iter().map(|text| text.bytes).collect();
    Some(Written { draft, places, fences: bytes(fences), tags: bytes(tags) })
}

/// Everything but names, places and words.
fn read_rest(section: &Section<'_>, settings: OfferSettings) -> impl FnOnce(OfferId, MerchantId) -> Draft {
    let triggers = TransitionKind::ALL.map(|kind| (kind.word(), kind));
    let channels = Channel::ALL.map(|channel| (channel.word(), channel));
    let modes = Mode::ALL.map(|mode| (mode.word(), mode));
    let trigger = section.word("trigger", &triggers, TransitionKind::Dwell);
    let channel = section.word("channel", &channels, Channel::default());
    let mode = section.word("mode", &modes, Mode::default());
    let valid_for = section.span("valid_for", Millis::from_secs(30)..=Draft::VALID_FOR, Draft::VALID_FOR);
    let priority = section.count("priority", 0..=u8::MAX, 0);
    let value = section.count("value", 1..=Draft::VALUE_MAX, Draft::VALUE);
    let holdout = section.count("holdout_permille", 0..=Draft::HOLDOUT_PERMILLE_MAX, Draft::HOLDOUT_PERMILLE);
    let category = read_category(section, settings);
    let (season, audience) = (read_season(section), read_audience(section));
    let stock = Limits {
        total: section.count_given("stock_total", 0..=u32::MAX),
        per_day: section.count_given("stock_per_day", 0..=u32::MAX),
    };
    move |id, merchant| Draft {
        trigger,
        channel,
        mode,
        valid_for,
        priority,
        value,
        holdout_permille: holdout,
        category,
        season,
        audience,
        stock,
        ..Draft::new(id, merchant, "", "")
    }
}

fn read_season(section: &Section<'_>) -> Season {
    Season {
        starts_on: section.date("starts_on"),
        ends_on: section.date("ends_on"),
        schedule: section.text("schedule").map(|text| text.value.into()),
        open_only: section.flag("open_only", Season::default().open_only),
    }
}

fn read_audience(section: &Section<'_>) -> Audience {
    let words = |key| section.texts(key).into_iter().map(|text| text.value.into());
    let needs = section.texts("needs");
    for word in &needs {
        if Purpose::ALL.iter().all(|purpose| purpose.word() != word.value) {
            let near = nearest(&word.value, Purpose::ALL.iter().map(|purpose| purpose.word()));
            let reason = format!("names {:?}, which is no purpose of consent", word.value);
            section.wrong(
                "needs",
                word.bytes.clone(),
                reason,
                near.map(|near| format!("did you mean {near:?}?")),
            );
        }
    }
    Audience {
        segments: words("segments").collect(),
        uses_purchases: section.flag("uses_purchases", false),
        needs: needs.into_iter().map(|word| word.value.into()).collect(),
    }
}

fn read_category(section: &Section<'_>, settings: OfferSettings) -> Option<Box<str>> {
    let category = section.read("category", |text| {
        let reason = || format!("is {text:?}; it must be one lower-case word such as \"coffee\"");
        if is_category(text) { Ok(text.to_owned()) } else { Err(reason()) }
    })?;
    if !settings.delicate_categories && DELICATE_CATEGORIES.contains(&category.value.as_str()) {
        let reason = format!("is {:?}, by which people are judged", category.value);
        let hint = "delicate_categories = true under [offers] in the settings allows it".to_owned();
        section.wrong("category", category.bytes, reason, Some(hint));
    }
    Some(category.value.into())
}

/// A text, and where its parts stand; `before` is what its keys begin with.
fn read_text(
    section: &Section<'_>,
    before: &str,
    places: &mut HashMap<String, Range<usize>>,
) -> Option<Text> {
    let mut part = |key: &'static str, is_required| {
        let text = template(section, key, is_required)?;
        places.insert(format!("{before}{key}"), text.bytes);
        Some(text.value)
    };
    let (title, body, link) = (part("title", true), part("body", true), part("link", false));
    Some(Text { title: title?, body: body?, link })
}

/// The tables `[offer.lang.de]` and so on.
fn read_languages(
    section: &Section<'_>,
    places: &mut HashMap<String, Range<usize>>,
) -> Vec<(Box<str>, Text)> {
    let mut languages = Vec::new();
    for (tag, inside) in section.section("lang").named_sections() {
        places.insert(format!("lang.{tag}"), inside.bytes());
        let text = read_text(&inside, &format!("lang.{tag}."), places);
        languages.extend(text.map(|text| (tag.into(), text)));
    }
    languages
}

fn read_id<T>(
    section: &Section<'_>,
    key: &'static str,
    make: fn(&str) -> Result<T, IdFlaw>,
) -> Option<Spanned<T>> {
    section.require(key);
    section.read(key, |text| make(text).map_err(|flaw| format!("is {text:?}, which {}", flaw.text())))
}

fn read_fence_ids(section: &Section<'_>, texts: &[Spanned<String>]) -> Vec<FenceId> {
    let read = |text: &Spanned<String>| match FenceId::new(&text.value) {
        Ok(id) => Some(id),
        Err(flaw) => {
            section.wrong("fences", text.bytes.clone(), format!("holds an id that {}", flaw.text()), None);
            None
        }
    };
    texts.iter().filter_map(read).collect()
}

fn template(section: &Section<'_>, key: &'static str, is_required: bool) -> Option<Spanned<String>> {
    let text = if is_required { section.required_text(key) } else { section.text(key) }?;
    if TEMPLATE_LEN_MAX < text.value.len() {
        section.wrong(key, text.bytes, format!("is longer than {TEMPLATE_LEN_MAX} bytes"), None);
        return None;
    }
    Some(text)
}
