//! Logs: text on a terminal, JSON elsewhere, on stderr; no coordinate, no customer id, no payload.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::mqtt::is_private_log_target;

/// Starts to log; `STILE_LOG` chooses what, as in `warn` or `server=debug`.
pub fn start() {
    let filter = EnvFilter::try_from_env("STILE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // The filter's directives can name any target, so private ones are kept out apart from it.
    let private = filter_fn(|metadata| !is_private_log_target(metadata.target()));
    let text = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let layer = if io::stderr().is_terminal() { text.boxed() } else { text.json().boxed() };
    tracing_subscriber::registry().with(layer.with_filter(filter).with_filter(private)).init();
}
