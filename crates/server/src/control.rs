//! The control socket: commands talk to the running server that owns the data.
//!
//! One JSON object a line each way. The socket lies in the data directory with mode 0600:
//! whoever may read the data may ask.

mod fences;
mod offers;
mod officer;

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream as ClientStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::Tally;
use model::CustomerId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::explain;
use crate::fence_sets::Wish;
use crate::machine::{Clock, Running};
use crate::mqtt::{LinkState, ListenerTally};
use crate::officer::Question;
use crate::orders::OfferWish;
use crate::trace::trace_line;

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Every counter, and how things stand with the outside broker.
    Status,
    /// The trace since the last time somebody asked; the first question starts it.
    Events,
    /// Consent, notices, and what is held of people.
    Officer(Question),
    /// Why a customer heard this, and why nothing.
    CustomerExplain {
        /// Who.
        customer: String,
        /// The last so many sentences.
        n_max: usize,
    },
    /// Puts other fences in force; the answer comes when they are durable and every shard has them.
    FencesChange(Wish),
    /// Every offer, and how it stands.
    OffersList,
    /// Pauses, resumes or stops an offer; the answer comes when that is durable and every shard has it.
    OffersOperate(OfferWish),
}

pub use self::fences::FenceDesk;
pub(crate) use self::fences::{kept_as_json, unchanged_as_json, user_word};
pub(crate) use self::offers::{listed_as_json, operated_as_json};
pub use self::officer::OfficerDesk;

/// The socket of a data directory.
#[must_use]
pub fn socket_of(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

/// Asks the server that serves a data directory; `None` when nobody does.
///
/// # Errors
/// When the server hangs up, or says what is wrong with the question.
pub fn ask(data_dir: &Path, request: &Request) -> io::Result<Option<Value>> {
    let mut stream = match ClientStream::connect(socket_of(data_dir)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server hung up"));
    }
    let answer: Value = serde_json::from_str(&answer)?;
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => Err(io::Error::other(error.to_owned())),
        None => Ok(Some(answer)),
    }
}

/// Longest question in bytes: an import sends its events in parts.
const REQUEST_LEN_MAX: u64 = 4 << 20;

/// What it takes to answer.
pub struct Answering {
    /// The machine.
    pub running: Arc<Running>,
    /// Who keeps the fences; one change at a time.
    pub keeper: FenceDesk,
    /// Who knows what people agreed to.
    pub officer: OfficerDesk,
    /// The machine's clock.
    pub clock: Clock,
}

/// Answers on the control socket until the machine is dropped.
///
/// # Errors
/// When the socket cannot be made.
pub fn serve(data_dir: &Path, answering: Answering) -> io::Result<tokio::task::JoinHandle<()>> {
    let desk = Arc::new(answering);
    let path = socket_of(data_dir);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(tokio::spawn(async move {
        // Ends with this task: a client that stays must not keep the machine from stopping.
        let mut answering = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept(), if answering.len() < ASKING_MAX => accepted,
                Some(_) = answering.join_next(), if !answering.is_empty() => continue,
            };
            let Ok((stream, _)) = accepted else {
                // Out of sockets, most likely; it passes.
                tokio::time::sleep(BETWEEN_FAILURES).await;
                continue;
            };
            let desk = desk.clone();
            answering.spawn(async move {
                // Whoever hangs up early has their answer.
                let _ = answer_all(stream, &desk).await;
            });
        }
    }))
}

/// Clients that ask at a time; further ones wait.
const ASKING_MAX: usize = 64;

/// Between two tries to accept a client.
const BETWEEN_FAILURES: Duration = Duration::from_millis(20);

async fn answer_all(stream: UnixStream, desk: &Answering) -> io::Result<()> {
    let user = stream.peer_cred().ok().map(|user| user.uid());
    let (read, mut write) = stream.into_split();
    let mut read = tokio::io::BufReader::new(read);
    loop {
        let mut line = String::new();
        let mut bounded = tokio::io::AsyncReadExt::take(&mut read, REQUEST_LEN_MAX);
        if bounded.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str(&line) {
            Ok(request) => answer(request, desk, user).await,
            Err(error) => json!({ "error": format!("the question cannot be read: {error}") }),
        };
        let mut bytes = serde_json::to_vec(&answer)?;
        bytes.push(b'\n');
        write.write_all(&bytes).await?;
    }
}

async fn answer(request: Request, desk: &Answering, user: Option<u32>) -> Value {
    let Answering { running, keeper, officer, clock } = desk;
    let answered = match request {
        Request::Status => {
            running.tally().await.map(|tally| status(&tally, running)).map_err(|error| error.to_string())
        }
        Request::Events => events(running).await,
        Request::Officer(question) => Ok(officer.answer(question, running, *clock, user).await),
        Request::CustomerExplain { customer, n_max } => explain_customer(&customer, n_max, running).await,
        Request::FencesChange(wish) => keeper.change(wish, running, &user_word(user), clock.now()).await,
        Request::OffersList => Ok(keeper.offers(running.stock()).await),
        Request::OffersOperate(wish) => keeper.operate(wish, running, &user_word(user), clock.now()).await,
    };
    answered.unwrap_or_else(|error| json!({ "error": error }))
}

/// What the engine, the doors and the ways out have counted.
fn status(tally: &Tally, running: &Running) -> Value {
    let mut status = tally_as_json(tally);
    status["acks_dropped"] = running.n_acks_dropped().into();
    status["listener"] = running.listener_tally().map_or(Value::Null, |tally| listener_as_json(&tally));
    status["broker"] = running.broker_state().map_or(Value::Null, |state| broker_as_json(&state));
    status
}

fn listener_as_json(tally: &ListenerTally) -> Value {
    json!({
        "accepted": tally.n_accepted,
        "strangers_closed": tally.n_strangers_closed,
        "logins_refused": tally.n_refused,
        "turned_away": tally.n_turned_away,
        "published": tally.n_published,
        "publishes_denied": tally.n_publishes_denied,
        "subscriptions_denied": tally.n_subscriptions_denied,
        "handed": tally.n_handed,
    })
}

fn broker_as_json(state: &LinkState) -> Value {
    let word = state.word();
    match state {
        LinkState::Unreachable { why } => json!({ "state": word, "why": **why }),
        LinkState::SubscriptionsRefused { n } => json!({ "state": word, "subscriptions": n }),
        LinkState::Connecting
        | LinkState::Ready
        | LinkState::CredentialsRefused
        | LinkState::TakenOver
        | LinkState::Stopped => json!({ "state": word }),
    }
}

async fn events(running: &Running) -> Result<Value, String> {
    let events = running.events().await.map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    for event in &events {
        trace_line(event).write(&mut lines).map_err(|error| error.to_string())?;
    }
    Ok(json!({ "events": String::from_utf8_lossy(&lines) }))
}

async fn explain_customer(customer: &str, n_max: usize, running: &Running) -> Result<Value, String> {
    let id = customer_id(customer)?;
    let entries = running.entries_of(&id).await.map_err(|error| error.to_string())?;
    Ok(sentences_as_json(customer, &explain::sentences(&entries, n_max, &running.retention())))
}

/// The answer about somebody of whom nothing is known.
pub(crate) fn stranger(customer: &str) -> Value {
    json!({ "customer": customer, "epoch": 0, "consents": [] })
}

/// Sentences with their times, and what held offers back in that time.
pub(crate) fn sentences_as_json(customer: &str, sentences: &[explain::Sentence]) -> Value {
    let said: Vec<Value> = sentences.iter().map(explain::Sentence::json).collect();
    let held_back: Vec<Value> =
        explain::held_back(sentences).iter().map(|(why, n)| json!({ "reason": why, "n": n })).collect();
    json!({ "customer": customer, "sentences": said, "held_back": held_back })
}

fn customer_id(text: &str) -> Result<CustomerId, String> {
    CustomerId::new(text).map_err(|flaw| format!("the customer's id {}", flaw.text()))
}

/// Every counter by name.
#[must_use]
pub fn tally_as_json(tally: &Tally) -> Value {
    let words = |counts: &engine::Counts| {
        counts.iter().map(|(word, n)| (word.to_owned(), n.into())).collect::<serde_json::Map<_, Value>>()
    };
    json!({
        "records": tally.n_records,
        "used": tally.n_used,
        "matched": tally.n_matched,
        "held": tally.n_held,
        "opened": tally.n_opened,
        "refused": words(&tally.refused),
        "malformed": words(&tally.malformed),
        "dropped": words(&tally.dropped),
        "flagged": words(&tally.flagged),
        "transitions": words(&tally.transitions),
        "candidates": tally.n_candidates,
        "decided": tally.n_decided,
        "waiting": tally.n_waiting,
        "suppressed": words(&tally.suppressed),
        "unsaid": words(&tally.unsaid),
        "delivered": words(&tally.delivered),
        "consents": words(&tally.consents),
        "unusable": words(&tally.unusable),
        "feedback": tally.n_feedback,
        "feedback_unknown": tally.n_feedback_unknown,
        "profiles": tally.n_profiles,
        "profiles_unknown": tally.n_profiles_unknown,
        "balanced": tally.is_balanced(),
    })
}

#[cfg(test)]
mod tests {
    use notifier::Suppression;

    use super::*;

    #[test]
    fn every_verdict_is_counted_from_nought() {
        let told = tally_as_json(&Tally::default());
        for why in Suppression::ALL {
            assert_eq!(told["suppressed"][why.word()], 0, "{}", why.word());
        }
        assert_eq!(told["suppressed"].as_object().unwrap().len(), Suppression::ALL.len());
        assert_eq!(told["unsaid"], json!({ "observed": 0, "shadowed": 0 }));
    }
}
