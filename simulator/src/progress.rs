//! A bar on a terminal; nothing elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::account::Account;
use crate::report::grouped;

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
            loop {
                show(&followed, &account.borrow());
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

fn show(bar: &ProgressBar, account: &Account) {
    if account.fixes.n_sent == 0 {
        let consents = &account.consents;
        let (n_settled, n_sent) = (grouped(consents.n_settled()), grouped(consents.flow.n_sent));
        bar.set_message(format!("consent: {n_settled} of {n_sent} acknowledged"));
        return;
    }
    bar.set_position(account.fixes.n_sent);
    bar.set_message(format!("{} offers", grouped(account.offers.n_received)));
}

fn style() -> ProgressStyle {
    let template = "{elapsed_precise} [{bar:32}] {human_pos}/{human_len} fixes, {per_sec}, eta {eta}, {msg}";
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
