//! A running machine, as the privacy officer's desk sees it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as Lock, PoisonError};

use ledger::{Entry, Erasure, Graves, Numbered, StateRow};
use model::{CustomerId, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;

use super::user_word;
use crate::machine::{Clock, Running};
use crate::officer::notices::{Draft, Registered, Registry, RegistryError};
use crate::officer::{self, Holder, Question, Said, Trouble, Word};

/// Where the privacy officer's questions are answered.
pub struct OfficerDesk {
    dir: PathBuf,
    notices: Lock<Arc<Registry>>,
    /// Held by whoever registers a notice: one after the other.
    registering: Mutex<()>,
}

impl OfficerDesk {
    /// Reads what lies beside the ledger.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(data_dir: &Path) -> Result<Self, RegistryError> {
        Registry::take_over(data_dir)?;
        let notices = Arc::new(Registry::read(data_dir)?);
        Ok(Self { dir: data_dir.to_owned(), notices: Lock::new(notices), registering: Mutex::new(()) })
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
        let heard = words
            .iter()
            .map(|Word { door, customer, body }| self.running.hear(*door, customer, body.clone().into()));
        let heard = futures_util::future::join_all(heard).await;
        let n_durable = heard.iter().filter(|said| said.is_ok()).count();
        if n_durable < n_words {
            let lost = n_words - n_durable;
            return Err(Trouble::Failed(format!("{lost} of {n_words} words could not be made durable")));
        }
        Ok(heard.into_iter().flatten().collect())
    }

    async fn state_of(&mut self, customer: &CustomerId) -> Result<Option<StateRow>, Trouble> {
        let known = self.running.state_of(customer).await.map_err(Trouble::failed)?;
        Ok(known.map(|(state, engine_at)| {
            self.told_at = self.told_at.max(engine_at);
            state
        }))
    }

    async fn entries_of(&mut self, customer: &CustomerId) -> Result<Vec<Numbered>, Trouble> {
        self.running.entries_of(customer).await.map_err(Trouble::failed)
    }

    async fn graves(&mut self) -> Result<Graves, Trouble> {
        self.running.ask_ledger(|storage| storage.graves()).await.map_err(Trouble::failed)
    }

    async fn erase(&mut self, customer: &CustomerId) -> Result<(Erasure, String), Trouble> {
        let erasure = self.running.erase(customer).await.map_err(Trouble::failed)?;
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
