//! Walks a table key by key: a reader asks for each key that it knows and gets a checked value.
//!
//! What nobody asked for is unknown, and is reported when the section is dropped, so that
//! no reader can forget.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;

use model::Millis;
use offers::NaiveDate;
use toml_edit::{Item, TableLike, Value};

use crate::nearest::nearest;
use crate::parse_span;
use crate::sheet::{Sheet, joined};

/// A value and the bytes it was written in.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) bytes: Range<usize>,
}

/// One table of the document; absent tables answer with defaults.
pub(crate) struct Section<'a> {
    sheet: &'a Sheet<'a>,
    name: String,
    table: Option<&'a dyn TableLike>,
    bytes: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
    /// Its keys are names that the writer chose.
    takes_any: Cell<bool>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(
        sheet: &'a Sheet<'a>,
        name: String,
        table: Option<&'a dyn TableLike>,
        bytes: Range<usize>,
    ) -> Self {
        Self { sheet, name, table, bytes, asked: RefCell::default(), takes_any: Cell::new(false) }
    }

    /// Whether the file has this section at all.
    pub(crate) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.item(key).is_some()
    }

    /// Where the section starts.
    pub(crate) fn bytes(&self) -> Range<usize> {
        self.bytes.clone()
    }

    /// Where the value of a key stands; where its section starts when it does not.
    pub(crate) fn bytes_of(&self, key: &'static str) -> Range<usize> {
        self.item(key).map_or_else(|| self.bytes(), span_of)
    }

    /// All tables in this one, whatever their names, in order.
    pub(crate) fn named_sections(&self) -> Vec<(String, Self)> {
        self.takes_any.set(true);
        let Some(table) = self.table else { return Vec::new() };
        let mut sections = Vec::new();
        for (key, item) in table.iter() {
            let inside = item.as_table_like();
            if inside.is_none() {
                self.wrong_type(key, item, "a table");
                continue;
            }
            let bytes = table.key(key).and_then(toml_edit::Key::span).unwrap_or_else(|| span_of(item));
            sections.push((key.to_owned(), Section::new(self.sheet, joined(&self.name, key), inside, bytes)));
        }
        sections
    }

    /// A table inside this one.
    pub(crate) fn section(&self, key: &'static str) -> Section<'a> {
        let name = joined(&self.name, key);
        let Some(item) = self.item(key) else {
            return Section::new(self.sheet, name, None, self.bytes());
        };
        let table = item.as_table_like();
        if table.is_none() {
            self.wrong_type(key, item, "a table");
        }
        Section::new(self.sheet, name, table, span_of(item))
    }

    /// The tables of `[[key]]`, in order.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let name = joined(&self.name, key);
        if let Some(tables) = item.as_array_of_tables() {
            let made = tables.iter().map(|table| {
                Section::new(self.sheet, name.clone(), Some(table), table.span().unwrap_or(0..0))
            });
            return made.collect();
        }
        self.wrong_type(key, item, &format!("a list of tables, each under [[{name}]]"));
        Vec::new()
    }

    /// A whole number within bounds.
    pub(crate) fn count<T>(&self, key: &'static str, within: RangeInclusive<T>, default: T) -> T
    where
        T: TryFrom<i64> + PartialOrd + Copy + Display,
    {
        let Some(item) = self.item(key) else { return default };
        let Some(number) = item.as_integer() else {
            self.wrong_type(key, item, "a whole number");
            return default;
        };
        let (least, most) = (*within.start(), *within.end());
        match T::try_from(number) {
            Ok(number) if within.contains(&number) => number,
            Ok(_) | Err(_) => {
                let reason = format!("is {number}; it must be from {least} to {most}");
                self.wrong(key, span_of(item), reason, None);
                default
            }
        }
    }

    /// A whole number within bounds, if the key is there.
    pub(crate) fn count_given<T>(&self, key: &'static str, within: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Copy + Display,
    {
        let default = *within.start();
        self.has(key).then(|| self.count(key, within, default))
    }

    /// A day of the calendar, with or without quotes.
    pub(crate) fn date(&self, key: &'static str) -> Option<NaiveDate> {
        let item = self.item(key)?;
        let text = match item.as_value() {
            Some(Value::String(text)) => text.value().clone(),
            Some(Value::Datetime(datetime)) => datetime.value().to_string(),
            Some(_) | None => {
                self.wrong_type(key, item, "a date such as 2026-12-24");
                return None;
            }
        };
        let date = text.parse().ok();
        if date.is_none() {
            self.wrong(key, span_of(item), format!("is {text:?}, no date such as 2026-12-24"), None);
        }
        date
    }

    /// A number within bounds; NaN and infinities are outside of all.
    pub(crate) fn number(&self, key: &'static str, within: RangeInclusive<f64>, default: f64) -> f64 {
        let Some(item) = self.item(key) else { return default };
        let Some(number) = number_of(item.as_value()) else {
            self.wrong_type(key, item, "a number");
            return default;
        };
        if within.contains(&number) {
            return number;
        }
        let reason = format!("is {number}; it must be from {} to {}", within.start(), within.end());
        self.wrong(key, span_of(item), reason, None);
        default
    }

    /// Exactly `N` numbers.
    pub(crate) fn numbers<const N: usize>(
        &self,
        key: &'static str,
        names: &str,
    ) -> Option<Spanned<[f64; N]>> {
        let item = self.item(key)?;
        let found: Option<Vec<f64>> =
            item.as_array().and_then(|list| list.iter().map(|value| number_of(Some(value))).collect());
        match found.and_then(|numbers| <[f64; N]>::try_from(numbers).ok()) {
            Some(value) => Some(Spanned { value, bytes: span_of(item) }),
            None => {
                self.wrong_type(key, item, &format!("a list of {N} numbers, [{names}]"));
                None
            }
        }
    }

    /// A yes or no.
    pub(crate) fn flag(&self, key: &'static str, default: bool) -> bool {
        let Some(item) = self.item(key) else { return default };
        item.as_bool().unwrap_or_else(|| {
            self.wrong_type(key, item, "true or false");
            default
        })
    }

    /// A span of time within bounds.
    pub(crate) fn span(&self, key: &'static str, within: RangeInclusive<Millis>, default: Millis) -> Millis {
        let Some(text) = self.text_like(key, "a span of time such as \"3 min\" or \"72 h\"") else {
            return default;
        };
        let hint = Some("write a whole number and ms, s, min, h or d, such as \"3 min\"".to_owned());
        match parse_span(&text.value) {
            Err(reason) => self.wrong(key, text.bytes, reason, hint),
            Ok(span) if within.contains(&span) => return span,
            Ok(span) => {
                let reason = format!("is {span}; it must be from {} to {}", within.start(), within.end());
                self.wrong(key, text.bytes, reason, None);
            }
        }
        default
    }

    /// A text that is not blank and holds no control character but line ends.
    pub(crate) fn text(&self, key: &'static str) -> Option<Spanned<String>> {
        let text = self.text_like(key, "a text in quotes")?;
        if text.value.trim().is_empty() {
            self.wrong(key, text.bytes, "is empty", Some("leave the key out instead".to_owned()));
            return None;
        }
        if text.value.chars().any(|c| c.is_control() && c != '\n') {
            self.wrong(key, text.bytes, "holds a control character", None);
            return None;
        }
        Some(text)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, key: &'static str) -> Option<Spanned<String>> {
        self.require(key);
        self.text(key)
    }

    /// A text that `read` understands; its error is a clause that follows the key.
    pub(crate) fn read<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Spanned<T>> {
        let text = self.text(key)?;
        match read(&text.value) {
            Ok(value) => Some(Spanned { value, bytes: text.bytes }),
            Err(reason) => {
                self.wrong(key, text.bytes, reason, None);
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)], default: T) -> T {
        let Some(text) = self.text(key) else { return default };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return *value;
        }
        let names: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        let hint = nearest(&text.value, words.iter().map(|(word, _)| *word));
        let reason = format!("is {:?}; it must be one of {}", text.value, names.join(", "));
        self.wrong(key, text.bytes, reason, hint.map(|word| format!("did you mean {word:?}?")));
        default
    }

    /// A list of texts, none of them blank.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<Spanned<String>> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Some(list) = item.as_array() else {
            self.wrong_type(key, item, "a list of texts, [\"…\", \"…\"]");
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(list.len());
        for value in list {
            let bytes = value.span().unwrap_or_else(|| span_of(item));
            match value.as_str() {
                Some(text) if !text.trim().is_empty() => {
                    texts.push(Spanned { value: text.to_owned(), bytes });
                }
                Some(_) => self.wrong(key, bytes, "holds an empty text", None),
                None => self.wrong(key, bytes, format!("holds {}, not a text", kind(value)), None),
            }
        }
        texts
    }

    /// A path, as written.
    pub(crate) fn path(&self, key: &'static str) -> Option<Spanned<PathBuf>> {
        let text = self.text(key)?;
        Some(Spanned { value: PathBuf::from(text.value), bytes: text.bytes })
    }

    /// An address and port.
    pub(crate) fn address(&self, key: &'static str) -> Option<Spanned<SocketAddr>> {
        self.read(key, |text| {
            text.parse().map_err(|_| format!("is {text:?}, not an address and port such as 127.0.0.1:1883"))
        })
    }

    /// Reports that a key is missing, if it is.
    pub(crate) fn require(&self, key: &'static str) {
        if self.item(key).is_none() {
            self.wrong(key, self.bytes(), "is missing", None);
        }
    }

    /// Reports something wrong with the value of a key.
    pub(crate) fn wrong(
        &self,
        key: &str,
        bytes: Range<usize>,
        reason: impl Into<String>,
        hint: Option<String>,
    ) {
        self.sheet.report(bytes, &joined(&self.name, key), reason, hint);
    }

    fn text_like(&self, key: &'static str, what: &str) -> Option<Spanned<String>> {
        let item = self.item(key)?;
        match item.as_str() {
            Some(text) => Some(Spanned { value: text.to_owned(), bytes: span_of(item) }),
            None => {
                self.wrong_type(key, item, what);
                None
            }
        }
    }

    fn item(&self, key: &'static str) -> Option<&'a Item> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
        self.table?.get(key)
    }

    fn wrong_type(&self, key: &str, item: &Item, what: &str) {
        let found = match item {
            Item::Value(value) => kind(value),
            Item::Table(_) => "a table",
            Item::ArrayOfTables(_) => "a list of tables",
            Item::None => "nothing",
        };
        self.wrong(key, span_of(item), format!("is {found}; it must be {what}"), None);
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.take();
        if let Some(table) = self.table.filter(|_| !self.takes_any.get()) {
            for (key, item) in table.iter().filter(|(key, _)| !asked.contains(key)) {
                let bytes = table.key(key).and_then(toml_edit::Key::span).unwrap_or_else(|| span_of(item));
                self.sheet.report_unknown(&self.name, key, bytes);
            }
        }
        self.sheet.remember(&self.name, asked);
    }
}

fn span_of(item: &Item) -> Range<usize> {
    item.span().unwrap_or(0..0)
}

fn number_of(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    value.as_float().or_else(|| value.as_integer().map(|number| number as f64))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table",
    }
}
