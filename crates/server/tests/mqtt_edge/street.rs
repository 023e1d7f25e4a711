//! A listener on a free port, and patience.

use std::sync::Arc;
use std::time::Duration;

use server::mqtt::{Identity, Listener, ListenerOptions, Role};

use crate::recorder::Recorder;

/// Longer than anything here takes; a wait that long is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Long enough for something that should not come to have come.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(150);

/// A listener on a free port, with one device of each of three customers, two backends and an
/// operator, whose tokens are their names.
pub(crate) async fn listen(recorder: &Arc<Recorder>) -> Listener {
    listen_with(recorder, ListenerOptions::default()).await
}

pub(crate) async fn listen_with(recorder: &Arc<Recorder>, options: ListenerOptions) -> Listener {
    let identity = |name, role| Identity::with_token(name, role, str::as_bytes(name)).unwrap();
    let identities = vec![
        identity("c1", Role::Device),
        identity("c2", Role::Device),
        identity("c3", Role::Device),
        identity("backend", Role::Backend),
        identity("backend-2", Role::Backend),
        identity("operator", Role::Operator),
    ];
    let options = ListenerOptions { address: ([127, 0, 0, 1], 0).into(), ..options };
    Listener::bind(options, identities, recorder.clone()).await.unwrap()
}

/// Waits until something holds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}
