//! An engine and a storage with nobody else about: the same engine that serves, without threads and doors.

use engine::{Engine, Letter, Output};
use ledger::{Storage, StorageError};
use model::Timestamp;

use super::{Said, Word};

/// Lets an engine hear words in their order, and writes down what comes of it; what became of each, in that order.
///
/// # Errors
/// When the storage does not take it. What was heard before may be durable.
pub fn hear(
    engine: &mut Engine,
    storage: &mut dyn Storage,
    words: &[Word],
    now: Timestamp,
) -> Result<Vec<Said>, StorageError> {
    let letters = words.iter().zip(1..).map(|(Word { door, customer, body }, ticket)| Letter {
        door: *door,
        customer: customer.as_str(),
        device: "",
        body,
        ticket,
    });
    let letters: Vec<Letter<'_>> = letters.collect();
    let mut said = vec![None; words.len()];
    engine.handle_letters(&letters, now);
    write_down(engine, storage, &mut said, now)?;
    Ok(said)
}

fn write_down(
    engine: &mut Engine,
    storage: &mut dyn Storage,
    said: &mut [Said],
    now: Timestamp,
) -> Result<(), StorageError> {
    while let Some(staged) = engine.poll_staged(now) {
        let committed = ledger::commit(storage, vec![staged]).map_err(|not| not.error)?;
        for committed in committed {
            engine.handle_committed(committed, now);
        }
    }
    while let Some(output) = engine.poll_output() {
        match output {
            Output::Acknowledge(ack) => {
                let heard = usize::try_from(ack.ticket).ok().and_then(|ticket| said.get_mut(ticket - 1));
                if let Some(heard) = heard {
                    *heard = Some(ack.answer);
                }
            }
            Output::Erase(farewell) => {
                let erasure = storage.erase(&farewell.customer, farewell.at)?;
                engine.handle_erased(&farewell, &erasure, now);
            }
            // Nobody is there to be sent anything; what waits in an outbox waits for a server.
            Output::Send(_) | Output::Shadow(_) | Output::Remind(_) | Output::Settled { .. } => {}
        }
    }
    Ok(())
}
