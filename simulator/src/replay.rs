//! Plays a script through one connection: consent first and acknowledged, then fixes in their
//! order, then silence until nothing more comes back.

mod account;
pub(crate) mod cast;
pub(crate) mod grants;
pub(crate) mod pace;
mod parcels;
mod progress;
pub(crate) mod publisher;
mod report;
mod schedule;
pub(crate) mod script;
pub(crate) mod survey;
pub(crate) mod times;

use std::time::{Duration, Instant};

use rumqttc::v5::mqttbytes::QoS;
use tokio::sync::mpsc::Receiver;
use wire::{Acknowledgement, Topic, Topics};

use crate::replay::account::{Account, Load, Offer};
use crate::replay::pace::Pace;
use crate::replay::progress::Progress;
use crate::replay::publisher::{Arrival, Line, Publisher, Waited};
use crate::replay::report::{Ended, Report};
use crate::replay::schedule::Lateness;
use crate::replay::script::{Script, Step};

/// How long answers are waited for after Ctrl-C.
const PATIENCE_INTERRUPTED: Duration = Duration::from_secs(2);
/// Consent events without their acknowledgement, before the next one waits.
const CONSENTS_WAITING_MAX: usize = 64;

/// How to play.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) line: Line,
    /// Fresh: nothing was sent by it.
    pub(crate) pace: Pace,
    /// How long nothing may move before the run gives up.
    pub(crate) patience: Duration,
    /// How long no offer may come before the run is over.
    pub(crate) drain: Duration,
}

/// Plays and reports.
///
/// # Errors
/// A sentence when there was no connection to begin with.
pub(crate) async fn replay(plan: &mut Plan, script: Script) -> Result<Report, String> {
    let topics = script.topics.clone();
    // A server gives a session only so many messages that it has not acknowledged; our answers
    // stand in line behind our own messages, so acknowledgements must not need any.
    let subscriptions =
        vec![(topics.every_offer(), QoS::AtLeastOnce), (topics.every_consent_ack(), QoS::AtMostOnce)];
    let arrival = arrivals(topics.clone());
    let publisher = Publisher::connect(&plan.line, subscriptions, arrival).await?;
    let progress = Progress::start(script.n_fixes(), publisher.watch());
    let n_unreadable = script.survey.n_unreadable;

    let mut course = Course::default();
    let played = tokio::select! {
        played = play(plan, &publisher, script.play(), &mut course) => played,
        _ = tokio::signal::ctrl_c() => Ended::Interrupted,
    };
    let ended = tokio::select! {
        ended = finish(plan, &publisher, topics.every_consent_ack(), played) => ended,
        _ = tokio::signal::ctrl_c() => Ended::Interrupted,
    };
    progress.finish();
    let account = publisher.close().await;
    let took =
        course.began.zip(account.settled_at).map_or(Duration::ZERO, |(began, settled)| settled - began);
    Ok(Report::new(&account, plan.line.qos != QoS::AtMostOnce, n_unreadable, took, ended)
        .with_schedule(course.lateness.schedule()))
}

/// How the sending went.
#[derive(Debug, Default)]
struct Course {
    /// When the first fix was due.
    began: Option<Instant>,
    lateness: Lateness,
}

/// Sends everything.
async fn play(
    plan: &mut Plan,
    publisher: &Publisher,
    mut steps: Receiver<Step>,
    course: &mut Course,
) -> Ended {
    let patience = plan.patience;
    while let Some(step) = steps.recv().await {
        let message = match step {
            Ok(message) => message,
            Err(why) => return Ended::Stopped(why),
        };
        let n_waiting_max = match message.load {
            Load::Consent(_) => CONSENTS_WAITING_MAX,
            Load::Fixes(_) => 0,
        };
        let settled = publisher.wait(patience, |account| account.consents.n_waiting() <= n_waiting_max).await;
        if settled != Waited::Done {
            return stopped(
                settled,
                publisher,
                "acknowledges a consent event: is `stile serve` behind it?",
                patience,
            );
        }
        let mut due_at = None;
        if let (Load::Fixes(n), Some(last_at)) = (&message.load, message.last_at) {
            let began = *course.began.get_or_insert_with(Instant::now);
            due_at = plan.pace.due(*n, last_at).map(|due| began + due);
        }
        if let Some(due_at) = due_at.filter(|due_at| Instant::now() < *due_at) {
            tokio::time::sleep_until(due_at.into()).await;
        }
        let published = publisher.publish(message, patience).await;
        if let Some(due_at) = due_at {
            course.lateness.note(due_at.elapsed());
        }
        if published != Waited::Done {
            return stopped(published, publisher, "acknowledges anything", patience);
        }
    }
    Ended::Complete
}

/// Waits for what is still on its way: answers first, then offers.
async fn finish(plan: &Plan, publisher: &Publisher, pattern: String, played: Ended) -> Ended {
    let (patience, silence) = match played {
        Ended::Complete => (plan.patience, plan.drain),
        Ended::Interrupted => (PATIENCE_INTERRUPTED, plan.drain.min(PATIENCE_INTERRUPTED)),
        Ended::Stopped(_) => return played,
    };
    let answered = |account: &Account| account.n_on_the_way() == 0 && account.consents.n_waiting() == 0;
    let mut waited = publisher.wait(patience, answered).await;
    if waited == Waited::Done {
        waited = publisher.fence(pattern, patience).await;
    }
    if waited == Waited::Done {
        waited = publisher.quiet(silence).await;
    }
    match (waited, &played) {
        (Waited::Done, _) | (Waited::Stalled, Ended::Interrupted) => played,
        (Waited::Stalled | Waited::Lost, _) => stopped(waited, publisher, "answers the rest", patience),
    }
}

fn stopped(waited: Waited, publisher: &Publisher, nobody: &str, patience: Duration) -> Ended {
    Ended::Stopped(match waited {
        Waited::Done | Waited::Stalled => format!("for {} s nobody {nobody}", patience.as_secs()),
        Waited::Lost => {
            let why = publisher.look(|account| account.lost.clone());
            format!("the connection was lost: {}", why.as_deref().unwrap_or("it was closed"))
        }
    })
}

/// Tells offers and consent acknowledgements apart and counts them.
fn arrivals(topics: Topics) -> Arrival {
    Box::new(move |topic, payload, account| match topics.parse(topic) {
        Ok(Topic::Offer { .. }) => {
            let offer = wire::decode_offer(payload).ok();
            let counted = offer.as_ref().map(|offer| Offer {
                id: u128::from_le_bytes(offer.id.0.bytes()),
                merchant: offer.merchant.as_str(),
                offer: offer.offer.as_str(),
            });
            account.offer(counted, Instant::now());
        }
        Ok(Topic::ConsentAck { .. }) => {
            if let Ok(ack) = Acknowledgement::decode(payload) {
                account.consent_settled(&ack.event_id, &ack.effect);
            }
        }
        Ok(
            Topic::Fix { .. }
            | Topic::Batch
            | Topic::Consent { .. }
            | Topic::Feedback { .. }
            | Topic::Status { .. }
            | Topic::Profile { .. }
            | Topic::ConsentReminder { .. }
            | Topic::Shadow
            | Topic::Dead,
        )
        | Err(_) => {}
    })
}
