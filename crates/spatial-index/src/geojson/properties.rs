//! The properties of a feature that become facts of its fence.

use model::{MerchantId, TimeZoneName};
use serde_json::{Map, Value};

use super::options::{Limits, ReadOptions};
use super::reason::Reason;

/// What the properties say; what is absent, null or empty is none.
#[derive(Default)]
pub(super) struct Described {
    pub(super) name: Option<Box<str>>,
    pub(super) merchant: Option<MerchantId>,
    pub(super) tags: Vec<Box<str>>,
    pub(super) tz: Option<TimeZoneName>,
    pub(super) country: Option<Box<str>>,
    pub(super) region: Option<Box<str>>,
    pub(super) opening_hours: Option<Box<str>>,
}

/// Reads them all; what is wrong with each is added to `reasons`.
pub(super) fn read(given: &Map<String, Value>, limits: &Limits, reasons: &mut Vec<Reason>) -> Described {
    let mut reader = Reader { given, limits, reasons };
    Described {
        name: reader.text("name", ("name_bytes_max", limits.name_bytes_max)),
        merchant: reader.checked("merchant", |text| MerchantId::new(text).map_err(Reason::Merchant)),
        tags: reader.tags(),
        tz: reader.any_text("tz"),
        country: reader.checked("country", |text| known(is_country(text), text, Reason::Country)),
        region: reader.checked("region", |text| known(is_region(text), text, Reason::Region)),
        opening_hours: reader.any_text("opening_hours"),
    }
}

/// The texts that are asked for besides; what is wrong with each is added to `reasons`.
pub(super) fn texts(
    given: &Map<String, Value>,
    options: &ReadOptions,
    reasons: &mut Vec<Reason>,
) -> Vec<Option<Box<str>>> {
    let mut reader = Reader { given, limits: &options.limits, reasons };
    options.extras.iter().map(|name| reader.any_text(name)).collect()
}

struct Reader<'a> {
    given: &'a Map<String, Value>,
    limits: &'a Limits,
    reasons: &'a mut Vec<Reason>,
}

impl Reader<'_> {
    fn text(&mut self, name: &'static str, (limit, max): (&'static str, usize)) -> Option<Box<str>> {
        let reason = match self.given.get(name)? {
            Value::Null => return None,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) if text.len() <= max => return Some(text.as_str().into()),
            Value::String(_) => Reason::OverLimit { limit, max },
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Reason::NotText(name),
        };
        self.reasons.push(reason);
        None
    }

    fn any_text(&mut self, name: &'static str) -> Option<Box<str>> {
        self.text(name, ("text_bytes_max", self.limits.text_bytes_max))
    }

    fn checked<T>(&mut self, name: &'static str, check: impl Fn(&str) -> Result<T, Reason>) -> Option<T> {
        let text = self.any_text(name)?;
        check(&text).map_err(|reason| self.reasons.push(reason)).ok()
    }

    /// Sorted, each once.
    fn tags(&mut self) -> Vec<Box<str>> {
        let list = match self.given.get("tags") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(list)) => list.as_slice(),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                self.reasons.push(Reason::TagsNotAList);
                return Vec::new();
            }
        };
        let max = self.limits.tags_max;
        if max < list.len() {
            self.reasons.push(Reason::OverLimit { limit: "tags_max", max });
            return Vec::new();
        }
        let max = self.limits.text_bytes_max;
        let tag = |value: &Value| match value.as_str() {
            None => Err(Reason::TagsNotAList),
            Some(tag) if max < tag.len() => Err(Reason::OverLimit { limit: "text_bytes_max", max }),
            Some(tag) => Ok(tag.into()),
        };
        let mut tags: Vec<Box<str>> = match list.iter().map(tag).collect() {
            Ok(tags) => tags,
            Err(reason) => {
                self.reasons.push(reason);
                return Vec::new();
            }
        };
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

fn known(is_known: bool, text: &str, reason: Reason) -> Result<Box<str>, Reason> {
    if is_known { Ok(text.into()) } else { Err(reason) }
}

pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

pub(super) fn is_region(text: &str) -> bool {
    text.split_once('-').is_some_and(|(country, part)| {
        let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        is_country(country) && (1..=3).contains(&part.len()) && part.bytes().all(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_countries_and_regions_are_checked() {
        assert!(is_country("US") && !is_country("us") && !is_country("USA") && !is_country(""));
        assert!(is_region("US-TX") && is_region("GB-ENG") && is_region("ID-3"));
        assert!(!is_region("US") && !is_region("US-") && !is_region("Texas") && !is_region("US-TEXAS"));
    }
}
