//! `[retention]`: for how long the ledger keeps what it knows.

use model::Millis;

use crate::section::Section;

/// For how long the ledger keeps what it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Decisions, deliveries and feedback.
    pub decisions: Millis,
    /// What was said about a consent, from its end.
    pub consents: Millis,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self { decisions: Millis::from_days(395), consents: Millis::from_days(1_096) }
    }
}

pub(crate) fn read(section: &Section<'_>) -> RetentionSettings {
    let default = RetentionSettings::default();
    // Caps and rests look back some weeks; ten years is no retention.
    let within = || Millis::from_days(90)..=Millis::from_days(3_653);
    let retention = RetentionSettings {
        decisions: section.span("decisions", within(), default.decisions),
        consents: section.span("consents", within(), default.consents),
    };
    if retention.consents < retention.decisions {
        let reason =
            format!("is {}; proof of a consent outlives the decisions made on it", retention.consents);
        section.wrong("consents", section.bytes_of("consents"), reason, None);
        return default;
    }
    retention
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn read(text: &str) -> Result<RetentionSettings, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stile.toml");
        std::fs::write(&path, format!("{text}\n[consent]\ndefault_residence = \"US-TX\"\n")).unwrap();
        let said = |problems: Vec<crate::Problem>| format!("{:?}", problems[0].reason);
        crate::load(&path).map(|settings: Settings| settings.retention).map_err(said)
    }

    #[test]
    fn periods_are_read_and_proof_of_a_consent_outlives_its_decisions() {
        let of = |decisions, consents| RetentionSettings {
            decisions: Millis::from_days(decisions),
            consents: Millis::from_days(consents),
        };
        assert_eq!(read(""), Ok(of(395, 1_096)));
        assert_eq!(read("[retention]\ndecisions = \"100 d\"\nconsents = \"100 d\""), Ok(of(100, 100)));
        let refused = read("[retention]\nconsents = \"394 d\"").unwrap_err();
        assert!(refused.contains("outlives"), "{refused}");
        assert!(read("[retention]\ndecisions = \"1 d\"").is_err());
        assert!(read("[retention]\ndecision = \"100 d\"").is_err());
    }
}
