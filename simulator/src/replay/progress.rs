//! A bar on a terminal; nothing elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::replay::account::Account;
use crate::report::number::grouped;

/// How often the bar is brought up to date.
const TICK: Duration = Duration::from_millis(200);

/// A bar that follows an account.
pub(crate) struct Progress {
    bar: ProgressBar,
    follower: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to follow towards `n_fixes`.
    pub(crate) fn start(n_fixes: u64, account: watch::Receiver<Account>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self {
                bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
                follower: None,
            };
        }
        let bar = ProgressBar::new(n_fixes).with_style(style());
        let followed = bar.clone();
        let follower = tokio::spawn(async move {
            let mut began = None;
            loop {
                show(&followed, &account.borrow(), &mut began);
                tokio::time::sleep(TICK).await;
            }
        });
        Self { bar, follower: Some(follower) }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Some(follower) = self.follower {
            follower.abort();
        }
        self.bar.finish_and_clear();
    }
}

/// `began` is when fixes were first seen, and how many there were: consent has its own speed.
fn show(bar: &ProgressBar, account: &Account, began: &mut Option<(Instant, u64)>) {
    let n_sent = account.fixes.n_sent;
    if n_sent == 0 {
        let consents = &account.consents;
        let (n_settled, n_sent) = (grouped(consents.n_settled()), grouped(consents.flow.n_sent));
        bar.set_message(format!("consent: {n_settled} of {n_sent} acknowledged"));
        return;
    }
    let (began, n_before) = *began.get_or_insert_with(|| {
        bar.reset_eta();
        (Instant::now(), n_sent)
    });
    // Up to the last answer, or the speed would seem to fall while nothing is left to send.
    let took = account.settled_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(began));
    let per_s = (n_sent - n_before) as f64 / took.max(TICK).as_secs_f64();
    bar.set_position(n_sent);
    bar.set_message(format!("{}/s, {} offers", grouped(per_s as u64), grouped(account.offers.n_received)));
}

fn style() -> ProgressStyle {
    let template = "{elapsed_precise} [{bar:32}] {human_pos}/{human_len} fixes, eta {eta}, {msg}";
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
