//! An Ingress that keeps what it gets.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use server::mqtt::{Accepted, Ingress, Publish};
use tokio::sync::watch;

pub(crate) struct Recorder {
    publishes: Mutex<Vec<Publish>>,
    n: AtomicUsize,
    verdict: watch::Sender<Option<Accepted>>,
}

impl Default for Recorder {
    fn default() -> Self {
        let verdict = watch::channel(Some(Accepted::Acknowledge)).0;
        Self { publishes: Mutex::default(), n: AtomicUsize::new(0), verdict }
    }
}

impl Recorder {
    /// What the next messages are answered with; `None` keeps them waiting.
    pub(crate) fn answer(&self, verdict: Option<Accepted>) {
        self.verdict.send_replace(verdict);
    }

    pub(crate) fn n(&self) -> usize {
        self.n.load(Ordering::Acquire)
    }

    /// Takes out all that came, once there are so many.
    pub(crate) async fn take(&self, n: usize) -> Vec<Publish> {
        crate::eventually("enough messages come in", || n <= self.publishes.lock().unwrap().len()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        std::mem::take(&mut self.publishes.lock().unwrap())
    }
}

impl Ingress for Recorder {
    async fn accept(&self, publish: Publish) -> Accepted {
        self.publishes.lock().unwrap().push(publish);
        self.n.fetch_add(1, Ordering::AcqRel);
        let mut verdict = self.verdict.subscribe();
        let verdict = verdict.wait_for(Option::is_some).await.map(|verdict| *verdict);
        verdict.ok().flatten().unwrap_or(Accepted::Withhold)
    }
}
