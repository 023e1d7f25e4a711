//! What a decision may rest on, as a closed list: what was used of it, and what was not.

use ledger::Decision;

/// Something that a decision may rest on.
pub(super) struct Input {
    /// What it is, as part of a list.
    pub(super) what: &'static str,
    mark: Mark,
}

/// How the record says that an input was used.
enum Mark {
    /// Every decision rests on it.
    Always,
    /// It went through the rules, which all ask for it: it has a cost.
    Reckoned,
    /// Any of these facts is there.
    Fact(&'static [&'static str]),
    /// Any of these is a part of the cost.
    CostPart(&'static [&'static str]),
    /// This rule said no.
    Failed(&'static str),
    /// No decision of this program rests on it.
    Never,
}

/// All inputs there are, and what people fear is one.
pub(super) const INPUTS: [Input; 21] = [
    Input::new(
        "where the phone was at that moment, compared with the store's fence and not kept",
        Mark::Always,
    ),
    Input::new("the clock on the wall there", Mark::Fact(&["zone"])),
    Input::new("what they heard before, and how they answered it", Mark::Reckoned),
    Input::new("how many stores they had been to that day", Mark::Reckoned),
    Input::new("how fast the phone moved", Mark::Fact(&["speed"])),
    Input::new("whether the app was open", Mark::CostPart(&["background", "app_open"])),
    Input::new("the store's opening hours", Mark::Fact(&["store_hours"])),
    Input::new("how much they want to hear, and when", Mark::Fact(&["own_per_week", "own_quiet_hours"])),
    Input::new("what they muted", Mark::Failed("muted")),
    Input::new("that the store is one of their favourites", Mark::Fact(&["favourite"])),
    Input::new("the groups that they declared to the merchant", Mark::Fact(&["segment"])),
    Input::new("the kinds of things that they said they care for", Mark::Fact(&["category"])),
    Input::new("the language that they read", Mark::Fact(&["lang"])),
    Input::new("what they bought", Mark::Fact(&["purchases"])),
    Input::new("the law on text messages where they live and where the store is", Mark::Fact(&["law"])),
    Input::new("that they are not of age", Mark::Failed("minor")),
    Input::new("which other places they have been to", Mark::Never),
    Input::new("their name, address or number", Mark::Never),
    Input::new("whom they know", Mark::Never),
    Input::new("what they do in other apps or on the web", Mark::Never),
    Input::new("anything guessed about them, such as health, beliefs or income", Mark::Never),
];

impl Input {
    const fn new(what: &'static str, mark: Mark) -> Self {
        Self { what, mark }
    }

    /// Whether a decision rests on it, by its record.
    pub(super) fn is_used(&self, decision: &Decision) -> bool {
        match self.mark {
            Mark::Always => true,
            Mark::Reckoned => fact(decision, "cost").is_some(),
            Mark::Fact(names) => names.iter().any(|name| fact(decision, name).is_some()),
            Mark::CostPart(names) => {
                let parts = fact(decision, "cost_parts").unwrap_or_default().split(", ");
                parts.filter_map(|part| part.rsplit_once(' ')).any(|(name, _)| names.contains(&name))
            }
            Mark::Failed(rule) => decision.failed.iter().any(|failed| **failed == *rule),
            Mark::Never => false,
        }
    }

    /// It with what the record has of it: `the language that they read (de)`.
    pub(super) fn told(&self, decision: &Decision) -> String {
        let values: Vec<&str> = self.facts().iter().filter_map(|name| fact(decision, name)).collect();
        let values = values.join(", ");
        if values.is_empty() || values == "yes" {
            self.what.to_owned()
        } else {
            format!("{} ({values})", self.what)
        }
    }

    const fn facts(&self) -> &'static [&'static str] {
        match self.mark {
            Mark::Fact(names) => names,
            Mark::Always | Mark::Reckoned | Mark::CostPart(_) | Mark::Failed(_) | Mark::Never => &[],
        }
    }
}

/// Whether a fact is told with the input that it is about.
pub(super) fn is_of_an_input(name: &str) -> bool {
    INPUTS.iter().any(|input| input.facts().contains(&name))
}

/// The value of a fact of the record.
pub(super) fn fact<'a>(decision: &'a Decision, name: &str) -> Option<&'a str> {
    decision.facts.iter().find(|(known, _)| &**known == name).map(|(_, value)| &**value)
}
