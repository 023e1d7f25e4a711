//! HTML and SVG in which only literals are markup.

use std::fmt::Write as _;

/// A piece of a page.
///
/// Invariant: what is not a literal of this program went through [`Markup::text`], so that the name of
/// a fence or of a merchant stays text, whatever it holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markup(String);

impl Markup {
    /// Literal markup.
    pub(crate) fn tag(&mut self, literal: &'static str) -> &mut Self {
        self.0.push_str(literal);
        self
    }

    /// Text, in an element or between the quotes of an attribute.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Other control characters may not stand in a page at all.
                '\n' | '\t' => self.0.push(letter),
                _ if letter.is_control() => self.0.push('\u{fffd}'),
                _ => self.0.push(letter),
            }
        }
        self
    }

    /// An element with nothing but text in it.
    pub(crate) fn element(&mut self, begin: &'static str, text: &str, end: &'static str) -> &mut Self {
        self.tag(begin).text(text).tag(end)
    }

    /// A length or a place, to a tenth.
    pub(crate) fn number(&mut self, number: f64) -> &mut Self {
        let rounded = (number * 10.0).round() / 10.0;
        // Without the sign of a nought.
        let _ = write!(self.0, "{}", if rounded == 0.0 { 0.0 } else { rounded });
        self
    }

    /// Another piece.
    pub(crate) fn piece(&mut self, piece: &Self) -> &mut Self {
        self.0.push_str(&piece.0);
        self
    }

    /// All of it.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a09_what_is_not_a_literal_is_text() {
        let mut page = Markup::default();
        page.tag("<p title=\"")
            .text("\"><script>alert('1')</script>")
            .tag("\">")
            .text("Bean & Leaf\u{0}")
            .tag("</p>");
        assert_eq!(
            page.into_string(),
            "<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\">Bean &amp; Leaf\u{fffd}</p>"
        );
    }

    #[test]
    fn numbers_are_short() {
        let mut page = Markup::default();
        page.number(-0.01).tag(" ").number(12.34).tag(" ").number(7.0);
        assert_eq!(page.into_string(), "0 12.3 7");
    }
}
