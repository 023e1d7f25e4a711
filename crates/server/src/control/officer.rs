//! A running machine, as the privacy officer's desk sees it.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use consent_gate::Effect;
use engine::House;
use futures_util::future::join_all;
use ledger::{Entry, Erasure, Graves, Numbered, StateRow};
use model::{CustomerId, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::user_word;
use crate::machine::{Clock, Running};
use crate::officer::notices::{Draft, Registered, Registry, RegistryError};
use crate::officer::{self, Holder, Question, Said, Standing, Trouble, Unrecorded, Word};

/// Where the privacy officer's questions are answered.
pub struct OfficerDesk {
    dir: PathBuf,
    notices: Lock<Arc<Registry>>,
    /// Held by whoever registers a notice: one after the other.
    registering: Mutex<()>,
    /// How long a command waits while nothing at all becomes durable.
    patience: Duration,
}

/// A full disk is told, and not waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long whoever only looks waits for what is on its way to the disk.
const A_MOMENT: Duration = Duration::from_secs(1);

impl OfficerDesk {
    /// Reads what lies beside the ledger.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(data_dir: &Path) -> Result<Self, RegistryError> {
        Registry::take_over(data_dir)?;
        let notices = Arc::new(Registry::read(data_dir)?);
        Ok(Self {
            dir: data_dir.to_owned(),
            notices: Lock::new(notices),
            registering: Mutex::new(()),
            patience: PATIENCE,
        })
    }

    /// Answers a question about the data of a running machine.
    pub(super) async fn answer(
        &self,
        question: Question,
        running: &Running,
        clock: Clock,
        user: Option<u32>,
    ) -> Value {
        let told_at = clock.now();
        officer::answer(question, &mut AtTheMachine { desk: self, running, clock, user, told_at }).await
    }

    fn registry(&self) -> Arc<Registry> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct AtTheMachine<'a> {
    desk: &'a OfficerDesk,
    running: &'a Running,
    clock: Clock,
    user: Option<u32>,
    /// Where the engine was when it last told something: a clock driven by fixes is there.
    told_at: Timestamp,
}

impl AtTheMachine<'_> {
    /// Why what was heard is not durable.
    fn why(&self) -> String {
        self.running.trouble().map_or_else(|| "the ledger is slow".to_owned(), |trouble| trouble.to_string())
    }

    fn not_recorded(&self) -> Trouble {
        let why = self.why();
        Trouble::Failed(format!(
            "not recorded yet: {why}; what takes something away holds in this process meanwhile: ask again"
        ))
    }

    /// Waits for everybody of whom an answer was given that nothing was written for.
    async fn all_recorded(&self, words: &[Word], said: &[Said]) -> Result<(), Trouble> {
        let rests_on_others = |said: &Said| {
            let effect = said.as_ref().and_then(|said| Effect::from_word(&said.effect));
            matches!(effect, Some(Effect::Erased | Effect::NothingToChange))
        };
        let told = words.iter().zip(said).filter(|(_, said)| rests_on_others(said));
        let mut whose: Vec<&CustomerId> = told.map(|(word, _)| &word.customer).collect();
        whose.sort_unstable();
        whose.dedup();
        let recorded = join_all(whose.into_iter().map(|customer| self.running.recorded(customer)));
        match timeout(self.desk.patience, recorded).await {
            Err(_) => Err(self.not_recorded()),
            Ok(recorded) => recorded.into_iter().collect::<Result<(), _>>().map_err(Trouble::failed),
        }
    }
}

impl Holder for AtTheMachine<'_> {
    fn dir(&self) -> &Path {
        &self.desk.dir
    }

    fn now(&self) -> Timestamp {
        self.clock.now().max(self.told_at)
    }

    fn by(&self) -> String {
        user_word(self.user)
    }

    async fn hear(&mut self, words: Vec<Word>) -> Result<Vec<Said>, Trouble> {
        let n_words = words.len();
        let n_done = AtomicUsize::new(0);
        let hear = async |Word { door, customer, body }: &Word| {
            let said = self.running.hear(*door, customer, body.clone().into()).await;
            n_done.fetch_add(1, Ordering::Relaxed);
            said
        };
        let mut heard = pin!(join_all(words.iter().map(hear)));
        // As long as something becomes durable, the rest is worth waiting for.
        let heard = loop {
            let n_before = n_done.load(Ordering::Relaxed);
            match timeout(self.desk.patience, &mut heard).await {
                Ok(heard) => break heard,
                Err(_) if n_before < n_done.load(Ordering::Relaxed) => {}
                Err(_) => return Err(self.not_recorded()),
            }
        };
        let n_durable = heard.iter().filter(|said| said.is_ok()).count();
        if n_durable < n_words {
            let lost = n_words - n_durable;
            return Err(Trouble::Failed(format!("{lost} of {n_words} words could not be made durable")));
        }
        let said: Vec<Said> = heard.into_iter().flatten().collect();
        self.all_recorded(&words, &said).await?;
        Ok(said)
    }

    async fn state_of(&mut self, customer: &CustomerId) -> Result<Option<StateRow>, Trouble> {
        let known = self.running.state_of(customer).await.map_err(Trouble::failed)?;
        Ok(known.map(|(state, engine_at)| {
            self.told_at = self.told_at.max(engine_at);
            state
        }))
    }

    async fn standing_of(&mut self, customer: &CustomerId) -> Result<Standing, Trouble> {
        let is_recorded =
            timeout(A_MOMENT.min(self.desk.patience), self.running.recorded(customer)).await.is_ok();
        let standing = self.running.standing_of(customer).await.map_err(Trouble::failed)?;
        self.told_at = self.told_at.max(standing.at);
        let unrecorded = (!is_recorded).then(|| Unrecorded {
            consents: standing.unrecorded,
            is_leaving: standing.is_leaving,
            why: self.why(),
        });
        Ok(Standing { state: standing.state, unrecorded })
    }

    async fn recorded(&mut self, customer: &CustomerId) -> Result<(), Trouble> {
        match timeout(self.desk.patience, self.running.recorded(customer)).await {
            Ok(recorded) => recorded.map_err(Trouble::failed),
            Err(_) => Err(self.not_recorded()),
        }
    }

    async fn entries_of(&mut self, customer: &CustomerId) -> Result<Vec<Numbered>, Trouble> {
        self.running.entries_of(customer).await.map_err(Trouble::failed)
    }

    async fn graves(&mut self) -> Result<Graves, Trouble> {
        self.running.ask_ledger(|storage| storage.graves()).await.map_err(Trouble::failed)
    }

    async fn erase(&mut self, customer: &CustomerId) -> Result<(Erasure, String), Trouble> {
        let erasure = timeout(self.desk.patience, self.running.erase(customer)).await;
        let erasure = erasure.map_err(|_| self.not_recorded())?.map_err(Trouble::failed)?;
        let signed = self.running.ask_ledger(move |storage| {
            let statement = ledger::statement(&erasure, storage);
            (erasure, statement)
        });
        signed.await.map_err(Trouble::failed)
    }

    async fn sign(&mut self, message: &[u8]) -> Result<([u8; 64], [u8; 32]), Trouble> {
        let message = message.to_vec();
        let signed = self.running.ask_ledger(move |storage| (storage.sign(&message), storage.public_key()));
        signed.await.map_err(Trouble::failed)
    }

    async fn adopt(&mut self, _: StateRow, _: Vec<Entry>) -> Result<(), Trouble> {
        let told =
            "an export is taken in whole while nobody serves: stop the server, take it in, start it again";
        Err(Trouble::Failed(told.to_owned()))
    }

    async fn house(&mut self) -> Result<Arc<House>, Trouble> {
        self.running.house().await.map_err(Trouble::failed)
    }

    fn notices(&mut self) -> Result<Arc<Registry>, Trouble> {
        Ok(self.desk.registry())
    }

    async fn register(&mut self, draft: Draft) -> Result<Option<Registered>, Trouble> {
        let _alone = self.desk.registering.lock().await;
        let mut notices = Registry::clone(&self.desk.registry());
        let (by, now) = (self.by(), self.now());
        let new = tokio::task::block_in_place(|| notices.register(draft, &by, now));
        // A list that cannot be trusted any more is remembered as that.
        *self.desk.notices.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(notices);
        Ok(new?)
    }
}

#[cfg(test)]
mod tests;
