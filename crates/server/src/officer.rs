//! The privacy officer's desk: questions about people's consent and data, and the answers.
//!
//! The same handlers answer on the control socket of a running server, on a directory that nobody serves, and
//! later over HTTP. They see the data through a [`Holder`] only, and change it through the doors that MQTT uses.

mod alone;
pub mod consents;
mod customers;
pub mod dials;
pub mod erasures;
pub mod exports;
mod holder;
pub mod imports;
pub mod notices;
pub mod profiles;
pub mod signals;

use model::{CustomerId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::Problem;

pub use self::alone::hear as hear_alone;
pub use self::holder::{Holder, Said, Standing, Trouble, Unrecorded, Word};
use crate::cli::report::problem_json;

/// What can be asked at the desk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "desk", rename_all = "snake_case")]
pub enum Question {
    /// What a customer agreed to.
    ConsentShow {
        /// Who.
        customer: String,
        /// With every event, and the evidence of it.
        history: bool,
    },
    /// Says something on behalf of a customer.
    ConsentSay(consents::Wish),
    /// Hands in a signal of a customer, of which the law says what it takes back.
    ConsentSignal(signals::Seen),
    /// Tells that a notice has changed: consents to its older versions end.
    ConsentSupersede(consents::Supersession),
    /// Every notice that is registered.
    NoticesList,
    /// Registers the text of a notice.
    NoticesRegister(notices::Draft),
    /// Hands the consent events of another system in, in order; the answer comes when all are durable.
    Import {
        /// Each with its customer and its text as JSON.
        events: Vec<(String, String)>,
    },
    /// All that holds for a customer now.
    CustomerShow {
        /// Who.
        customer: String,
    },
    /// Everything that is held of a customer.
    CustomerExport {
        /// Who.
        customer: String,
    },
    /// Takes an export in.
    CustomerImport(exports::Arrival),
    /// Takes away everything that is held of a customer, for good.
    CustomerErase {
        /// Who.
        customer: String,
    },
    /// Notes what binds a customer whatever they say.
    CustomerProfile(profiles::Known),
    /// How much a customer wants to hear.
    Dial(dials::Turn),
}

/// Answers a question: with an object, with what was wrong (`refused`), or with why it failed (`error`).
pub async fn answer(question: Question, holder: &mut impl Holder) -> Value {
    match weigh(question, holder).await {
        Ok(answer) => answer,
        Err(Trouble::Refused(problems)) => {
            json!({ "refused": problems.iter().map(problem_json).collect::<Vec<_>>() })
        }
        Err(Trouble::Failed(why)) => json!({ "error": why }),
    }
}

async fn weigh(question: Question, holder: &mut impl Holder) -> Result<Value, Trouble> {
    match question {
        Question::ConsentShow { customer, history } => {
            consents::show(&named(&customer)?, history, holder).await
        }
        Question::ConsentSay(wish) => consents::say(&wish, holder).await,
        Question::ConsentSignal(seen) => signals::hand_in(&seen, holder).await,
        Question::ConsentSupersede(told) => consents::supersede(&told, holder).await,
        Question::NoticesList => notices::list(holder),
        Question::NoticesRegister(draft) => notices::register(draft, holder).await,
        Question::Import { events } => imports::take_in(events, holder).await,
        Question::CustomerShow { customer } => customers::show(&named(&customer)?, holder).await,
        Question::CustomerExport { customer } => exports::export(&named(&customer)?, holder).await,
        Question::CustomerImport(arrival) => exports::take_in(&arrival, holder).await,
        Question::CustomerErase { customer } => erasures::erase(&named(&customer)?, holder).await,
        Question::CustomerProfile(known) => profiles::note(&known, holder).await,
        Question::Dial(turn) => dials::turn(&turn, holder).await,
    }
}

/// The customer of a name.
pub(crate) fn named(customer: &str) -> Result<CustomerId, Trouble> {
    CustomerId::new(customer).map_err(|flaw| wrong(format!("the customer's id {}", flaw.text())))
}

/// Something that was asked cannot be meant.
fn wrong(reason: impl Into<String>) -> Trouble {
    Trouble::Refused(vec![Problem::of_file(std::path::Path::new("the wish"), reason.into())])
}

/// An instant as questions carry it.
fn instant(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}
