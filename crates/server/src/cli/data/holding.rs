//! A directory that nobody serves, as the privacy officer's desk sees it.

use std::path::Path;
use std::sync::Arc;

use engine::House;
use ledger::{Entry, Erasure, Graves, Numbered, StateRow, Storage as _};
use model::{CustomerId, Timestamp};

use store::FenceSets;

use super::Directory;
use crate::cli::report::Failure;
use crate::control;
use crate::fence_sets;
use crate::machine::{Clock, entries_of};
use crate::officer::notices::{Draft, Registered, Registry};
use crate::officer::{Holder, Said, Standing, Trouble, Word, hear_alone};

impl Holder for Directory {
    fn dir(&self) -> &Path {
        &self.dir
    }

    fn now(&self) -> Timestamp {
        Clock::Wall.now()
    }

    fn by(&self) -> String {
        control::user_word(None)
    }

    /// The same engine that serves hears them, with the same settings and no doors.
    async fn hear(&mut self, words: Vec<Word>) -> Result<Vec<Said>, Trouble> {
        let mut engine = match self.engine.take() {
            Some(engine) => engine,
            None => self.read_back().map_err(Trouble::failed)?,
        };
        let said = hear_alone(&mut engine, &mut self.store, &words, Clock::Wall.now());
        let said = said.map_err(Trouble::failed)?;
        self.engine = Some(engine);
        Ok(said)
    }

    async fn state_of(&mut self, customer: &CustomerId) -> Result<Option<StateRow>, Trouble> {
        if let Some(engine) = &self.engine {
            return Ok(engine.state_of(customer));
        }
        let mut found = None;
        let scanned = self.store.scan_states(&mut |stored| {
            if stored.customer() == customer {
                found = Some(stored.row().clone());
            }
        });
        scanned.map_err(Trouble::failed)?;
        Ok(found)
    }

    /// What an engine knows of which nobody wrote is thrown away with it.
    async fn standing_of(&mut self, customer: &CustomerId) -> Result<Standing, Trouble> {
        Ok(Standing { state: self.state_of(customer).await?, unrecorded: None })
    }

    async fn recorded(&mut self, _: &CustomerId) -> Result<(), Trouble> {
        Ok(())
    }

    async fn entries_of(&mut self, customer: &CustomerId) -> Result<Vec<Numbered>, Trouble> {
        entries_of(&mut self.store, customer).map_err(Trouble::failed)
    }

    async fn graves(&mut self) -> Result<Graves, Trouble> {
        Ok(self.store.graves())
    }

    async fn erase(&mut self, customer: &CustomerId) -> Result<(Erasure, String), Trouble> {
        // What the engine knows of them goes too: it is read back when it is needed again.
        self.engine = None;
        let erasure = self.store.erase(customer, Clock::Wall.now()).map_err(Trouble::failed)?;
        let statement = ledger::statement(&erasure, &self.store);
        Ok((erasure, statement))
    }

    async fn sign(&mut self, message: &[u8]) -> Result<([u8; 64], [u8; 32]), Trouble> {
        Ok((self.store.sign(message), self.store.public_key()))
    }

    async fn adopt(&mut self, row: StateRow, entries: Vec<Entry>) -> Result<(), Trouble> {
        self.engine = None;
        let staged = ledger::stage(entries, vec![row], Vec::new(), 0);
        ledger::commit(&mut self.store, vec![staged]).map_err(|not| Trouble::failed(not.error)).map(drop)
    }

    async fn house(&mut self) -> Result<Arc<House>, Trouble> {
        let sets = FenceSets::read(&self.dir).map_err(Trouble::failed)?;
        fence_sets::served(&sets).map_err(|refused| Trouble::failed(Failure::from(refused)))
    }

    fn notices(&mut self) -> Result<Arc<Registry>, Trouble> {
        match &self.notices {
            Some(notices) => Ok(notices.clone()),
            None => {
                let read = Arc::new(Registry::read(&self.dir).map_err(Trouble::failed)?);
                self.notices = Some(read.clone());
                Ok(read)
            }
        }
    }

    async fn register(&mut self, draft: Draft) -> Result<Option<Registered>, Trouble> {
        let mut notices = Registry::clone(&*self.notices()?);
        let new = notices.register(draft, &self.by(), self.now())?;
        self.notices = Some(Arc::new(notices));
        Ok(new)
    }
}
