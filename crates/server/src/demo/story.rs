//! The story of one customer, told in plain sentences as it happens.

use notifier::Suppression;
use town::StoreNo;

use super::scene::{Story, StoryLine};

/// Tells one customer's story. A sentence is rewritten while its visit lasts.
pub struct Teller {
    story: Story,
    visits: Vec<Visit>,
}

/// A visit that is being told.
struct Visit {
    store: StoreNo,
    name: String,
    /// Its sentence.
    line_no: usize,
    pushed: bool,
    /// A verdict was told.
    decided: bool,
}

impl Teller {
    /// A story of somebody.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { story: Story { name: name.to_owned(), lines: Vec::new() }, visits: Vec::new() }
    }

    /// The story so far.
    #[must_use]
    pub const fn story(&self) -> &Story {
        &self.story
    }

    /// The naive geofence pushed at a store.
    pub fn naive_pushed(&mut self, store: StoreNo, name: &str, clock: &str) {
        let visit = self.visit(store, name, clock);
        visit.pushed = true;
        if !visit.decided {
            let line_no = visit.line_no;
            self.story.lines[line_no].text =
                format!("comes to {name}. A naive geofence pushes at once. Stile waits.");
        }
    }

    /// The engine saw them come to a store.
    pub fn entered(&mut self, store: StoreNo, name: &str, clock: &str) {
        self.visit(store, name, clock);
    }

    /// The engine saw them leave it again.
    pub fn left(&mut self, store: StoreNo) {
        let Some(at) = self.visits.iter().position(|visit| visit.store == store) else { return };
        let visit = self.visits.remove(at);
        if !visit.decided {
            let pushed = if visit.pushed { " A naive geofence pushed." } else { "" };
            let name = &visit.name;
            self.story.lines[visit.line_no].text =
                format!("walks past {name}.{pushed} Stile: silence. They did not stay.");
        }
    }

    /// Stile spoke.
    pub fn sent(&mut self, store: StoreNo, name: &str, title: &str, clock: &str) {
        let visit = self.visit(store, name, clock);
        visit.decided = true;
        let line_no = visit.line_no;
        let naive = if visit.pushed { " A naive geofence pushed at the door." } else { "" };
        self.story.lines[line_no].text = format!("comes to {name}.{naive} Stile waits: do they stay?");
        let text = format!("stays three minutes, has agreed, and heard nothing yet today: “{title}”");
        self.story.lines.push(StoryLine { clock: clock.to_owned(), text, spoke: true });
    }

    /// Stile held its tongue, for a reason.
    pub fn held_back(&mut self, store: StoreNo, name: &str, suppression: Suppression, clock: &str) {
        let visit = self.visit(store, name, clock);
        if visit.decided {
            return;
        }
        visit.decided = true;
        let line_no = visit.line_no;
        let because = suppression.because();
        self.story.lines[line_no].text = format!("stays in {name}. Stile: silence, because {because}.");
    }

    /// They opted out.
    pub fn opted_out(&mut self, clock: &str) {
        self.visits.clear();
        let text = "opts out. From now on nothing of theirs is read.".to_owned();
        self.story.lines.push(StoryLine { clock: clock.to_owned(), text, spoke: false });
    }

    /// The visit at a store, begun with a sentence if there is none.
    fn visit(&mut self, store: StoreNo, name: &str, clock: &str) -> &mut Visit {
        let open = self.visits.iter().position(|visit| visit.store == store);
        let at = open.unwrap_or_else(|| {
            let text = format!("comes to {name}. Stile waits: do they stay?");
            self.story.lines.push(StoryLine { clock: clock.to_owned(), text, spoke: false });
            let line_no = self.story.lines.len() - 1;
            let name = name.to_owned();
            self.visits.push(Visit { store, name, line_no, pushed: false, decided: false });
            self.visits.len() - 1
        });
        &mut self.visits[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOKS: StoreNo = StoreNo(1);
    const COFFEE: StoreNo = StoreNo(2);

    fn check(tell: impl Fn(&mut Teller), told: &[(&str, bool)]) {
        let mut teller = Teller::new("Ada");
        tell(&mut teller);
        let lines: Vec<(&str, bool)> =
            teller.story().lines.iter().map(|line| (line.text.as_str(), line.spoke)).collect();
        assert_eq!(lines, told);
    }

    #[test]
    fn walking_past_is_silence_and_staying_is_an_offer() {
        let tell = |teller: &mut Teller| {
            teller.naive_pushed(BOOKS, "Corner Books", "10:03");
            teller.entered(BOOKS, "Corner Books", "10:03");
            teller.left(BOOKS);
            teller.entered(COFFEE, "Bean & Leaf", "10:06");
            teller.sent(COFFEE, "Bean & Leaf", "Second cup", "10:09");
            teller.left(COFFEE);
        };
        let told = [
            ("walks past Corner Books. A naive geofence pushed. Stile: silence. They did not stay.", false),
            ("comes to Bean & Leaf. Stile waits: do they stay?", false),
            ("stays three minutes, has agreed, and heard nothing yet today: “Second cup”", true),
        ];
        check(tell, &told);
    }

    #[test]
    fn a_rule_is_told_with_its_reason() {
        let tell = |teller: &mut Teller| {
            teller.entered(BOOKS, "Corner Books", "10:03");
            teller.held_back(BOOKS, "Corner Books", Suppression::Rest, "10:06");
            teller.left(BOOKS);
        };
        let told = "stays in Corner Books. Stile: silence, because they heard an offer a few hours ago.";
        check(tell, &[(told, false)]);
    }
}
