//! Topics: who speaks to whom, readable without opening anything.

use model::{CustomerId, DeviceId, MerchantId};

use crate::Flaw;

/// The topics under one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    prefix: String,
}

/// What a topic says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Topic<'a> {
    /// Fixes of one device.
    Fix {
        /// Whose.
        customer: &'a str,
        /// From which phone.
        device: &'a str,
    },
    /// Records of many customers.
    Batch,
    /// A consent event.
    Consent {
        /// Whose.
        customer: &'a str,
    },
    /// What a customer says about themselves.
    Profile {
        /// Whose.
        customer: &'a str,
    },
    /// Feedback on an offer.
    Feedback {
        /// Whose.
        customer: &'a str,
        /// From which phone.
        device: &'a str,
    },
    /// An offer; only the engine publishes it.
    Offer {
        /// To whom.
        customer: &'a str,
        /// To which phone.
        device: &'a str,
    },
    /// What became of a consent event; only the engine publishes it.
    ConsentAck {
        /// To whom.
        customer: &'a str,
    },
    /// A grant that is about to end; only the engine publishes it.
    ConsentReminder {
        /// To whom.
        customer: &'a str,
    },
    /// How an engine is; only the engine publishes it.
    Status {
        /// Which engine.
        instance: &'a str,
    },
    /// Dead letters; only the engine publishes them.
    Dead,
    /// What would have been said, for operators; only the engine publishes it.
    Shadow,
}

impl Topics {
    /// The prefix as shipped.
    pub const PREFIX: &'static str = "stile/v1";

    /// Topics under a prefix of the operator's.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.trim_end_matches('/').to_owned() }
    }

    /// The prefix, without a slash at its end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Reads a topic; the ids in it obey their rules.
    ///
    /// # Errors
    /// [`Flaw::UnknownTopic`] for a topic of another shape, [`Flaw::BadId`] for one of ours with a
    /// name that breaks the rules.
    pub fn parse<'a>(&self, topic: &'a str) -> Result<Topic<'a>, Flaw> {
        let rest = topic.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('/'));
        let rest = rest.ok_or(Flaw::UnknownTopic)?;
        if rest == "batch" {
            return Ok(Topic::Batch);
        }
        if rest == "sys/dead" {
            return Ok(Topic::Dead);
        }
        if rest == "sys/shadow" {
            return Ok(Topic::Shadow);
        }
        if let Some(instance) = rest.strip_prefix("sys/").and_then(|rest| rest.strip_suffix("/status")) {
            MerchantId::check(instance).map_err(|_| Flaw::BadId)?;
            return Ok(Topic::Status { instance });
        }
        if let Some(customer) = rest.strip_suffix("/consent") {
            return Ok(Topic::Consent { customer: checked_customer(customer)? });
        }
        if let Some(customer) = rest.strip_suffix("/profile") {
            return Ok(Topic::Profile { customer: checked_customer(customer)? });
        }
        if let Some(customer) = rest.strip_suffix("/consent/ack") {
            return Ok(Topic::ConsentAck { customer: checked_customer(customer)? });
        }
        if let Some(customer) = rest.strip_suffix("/consent/reminder") {
            return Ok(Topic::ConsentReminder { customer: checked_customer(customer)? });
        }
        let (names, word) = rest.rsplit_once('/').ok_or(Flaw::UnknownTopic)?;
        let of: fn(&'a str, &'a str) -> Topic<'a> = match word {
            "fix" => |customer, device| Topic::Fix { customer, device },
            "feedback" => |customer, device| Topic::Feedback { customer, device },
            "offer" => |customer, device| Topic::Offer { customer, device },
            _ => return Err(Flaw::UnknownTopic),
        };
        let (customer, device) = names.split_once('/').ok_or(Flaw::UnknownTopic)?;
        DeviceId::check(device).map_err(|_| Flaw::BadId)?;
        Ok(of(checked_customer(customer)?, device))
    }

    /// Where a device reports its fixes.
    #[must_use]
    pub fn fix(&self, customer: &str, device: &str) -> String {
        format!("{}/{customer}/{device}/fix", self.prefix)
    }

    /// Where a backend reports fixes of many customers.
    #[must_use]
    pub fn batch(&self) -> String {
        format!("{}/batch", self.prefix)
    }

    /// Where a customer's consent events go.
    #[must_use]
    pub fn consent(&self, customer: &str) -> String {
        format!("{}/{customer}/consent", self.prefix)
    }

    /// Where a customer says something about themselves.
    #[must_use]
    pub fn profile(&self, customer: &str) -> String {
        format!("{}/{customer}/profile", self.prefix)
    }

    /// Where operators read what would have been said.
    #[must_use]
    pub fn shadow(&self) -> String {
        format!("{}/sys/shadow", self.prefix)
    }

    /// Where consent events are answered.
    #[must_use]
    pub fn consent_ack(&self, customer: &str) -> String {
        format!("{}/{customer}/consent/ack", self.prefix)
    }

    /// Where the end of a grant is announced.
    #[must_use]
    pub fn consent_reminder(&self, customer: &str) -> String {
        format!("{}/{customer}/consent/reminder", self.prefix)
    }

    /// Where feedback on offers goes.
    #[must_use]
    pub fn feedback(&self, customer: &str, device: &str) -> String {
        format!("{}/{customer}/{device}/feedback", self.prefix)
    }

    /// Where a device gets its offers.
    #[must_use]
    pub fn offer(&self, customer: &str, device: &str) -> String {
        format!("{}/{customer}/{device}/offer", self.prefix)
    }

    /// Where an engine says how it is.
    #[must_use]
    pub fn status(&self, instance: &str) -> String {
        format!("{}/sys/{instance}/status", self.prefix)
    }

    /// Where dead letters go.
    #[must_use]
    pub fn dead(&self) -> String {
        format!("{}/sys/dead", self.prefix)
    }

    /// A subscription to everybody's fixes.
    #[must_use]
    pub fn every_fix(&self) -> String {
        self.fix("+", "+")
    }

    /// A subscription to everybody's consent events.
    #[must_use]
    pub fn every_consent(&self) -> String {
        self.consent("+")
    }

    /// A subscription to everybody's feedback.
    #[must_use]
    pub fn every_feedback(&self) -> String {
        self.feedback("+", "+")
    }

    /// A subscription to everybody's offers.
    #[must_use]
    pub fn every_offer(&self) -> String {
        self.offer("+", "+")
    }

    /// A subscription to the offers of one customer, on whichever phone.
    #[must_use]
    pub fn offers_of(&self, customer: &str) -> String {
        self.offer(customer, "+")
    }

    /// A subscription to everybody's answers to consent events.
    #[must_use]
    pub fn every_consent_ack(&self) -> String {
        self.consent_ack("+")
    }

    /// What an engine subscribes at an outside broker.
    #[must_use]
    pub fn inbound(&self) -> [String; 5] {
        [self.every_fix(), self.batch(), self.every_consent(), self.every_feedback(), self.profile("+")]
    }
}

impl Default for Topics {
    fn default() -> Self {
        Self::new(Self::PREFIX)
    }
}

impl std::fmt::Debug for Topic<'_> {
    /// Shows the shape and no names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fix { .. } => "Fix",
            Self::Batch => "Batch",
            Self::Consent { .. } => "Consent",
            Self::Profile { .. } => "Profile",
            Self::Feedback { .. } => "Feedback",
            Self::Offer { .. } => "Offer",
            Self::ConsentAck { .. } => "ConsentAck",
            Self::ConsentReminder { .. } => "ConsentReminder",
            Self::Status { .. } => "Status",
            Self::Dead => "Dead",
            Self::Shadow => "Shadow",
        })
    }
}

fn checked_customer(customer: &str) -> Result<&str, Flaw> {
    CustomerId::check(customer).map_err(|_| Flaw::BadId)?;
    Ok(customer)
}
