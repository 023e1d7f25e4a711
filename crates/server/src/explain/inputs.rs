//! What a decision may rest on, as a closed list: what was used of it, and what was not.

use ledger::Decision;

/// Something that a decision may rest on.
pub(super) struct Input {
    /// What it is, as part of a list.
    pub(super) what: &'static str,
    /// How the record says that it was used.
    mark: Mark,
}

enum Mark {
    /// Every decision rests on it.
    Always,
    /// Any of these facts is there.
    Fact(&'static [&'static str]),
    /// Any of these is a part of the cost.
    CostPart(&'static [&'static str]),
    /// No decision of this program rests on it.
    Never,
}

/// All inputs there are, and what people fear is one.
pub(super) const INPUTS: [Input; 18] = [
    Input {
        what: "where the phone was at that moment, compared with the store's fence and not kept",
        mark: Mark::Always,
    },
    Input { what: "the clock on the wall there", mark: Mark::Fact(&["zone"]) },
    // A decision that has a cost went through all rules, and they ask for these.
    Input { what: "how fast the phone moved", mark: Mark::Fact(&["cost"]) },
    Input { what: "what they heard before, and how they answered it", mark: Mark::Fact(&["cost"]) },
    Input {
        what: "what they set themselves: quiet hours, how many a week, what is muted",
        mark: Mark::Fact(&["cost"]),
    },
    Input { what: "how many stores they had been to that day", mark: Mark::Fact(&["cost"]) },
    Input { what: "whether the app was open", mark: Mark::CostPart(&["background", "app_open"]) },
    Input { what: "the store's opening hours", mark: Mark::Fact(&["open_hours"]) },
    Input { what: "that the store is one of their favourites", mark: Mark::Fact(&["favourite"]) },
    Input { what: "the groups that they declared to the merchant", mark: Mark::Fact(&["segment"]) },
    Input {
        what: "the kinds of things that they said they care for",
        mark: Mark::CostPart(&["category_declared"]),
    },
    Input { what: "the language that they read", mark: Mark::Fact(&["lang"]) },
    Input { what: "what they bought", mark: Mark::CostPart(&["purchases"]) },
    Input { what: "where they were before, other than in that visit", mark: Mark::Never },
    Input { what: "their name, address or number", mark: Mark::Never },
    Input { what: "whom they know", mark: Mark::Never },
    Input { what: "what they do in other apps or on the web", mark: Mark::Never },
    Input {
        what: "anything that is guessed of a person, such as health, beliefs or income",
        mark: Mark::Never,
    },
];

impl Input {
    /// Whether a decision rests on it, by its record.
    pub(super) fn is_used(&self, decision: &Decision) -> bool {
        let has_part = |part: &&str| {
            let parts = fact(decision, "cost_parts").unwrap_or_default();
            parts.split(", ").any(|cost| cost.rsplit_once(' ').is_some_and(|(name, _)| name == *part))
        };
        match self.mark {
            Mark::Always => true,
            Mark::Fact(names) => names.iter().any(|name| fact(decision, name).is_some()),
            Mark::CostPart(names) => names.iter().any(has_part),
            Mark::Never => false,
        }
    }
}

/// The value of a fact of the record.
pub(super) fn fact<'a>(decision: &'a Decision, name: &str) -> Option<&'a str> {
    decision.facts.iter().find(|(known, _)| &**known == name).map(|(_, value)| &**value)
}
