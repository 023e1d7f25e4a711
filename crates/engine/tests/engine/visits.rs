//! Open visits on their way to the ledger: nobody waits for them, and they hold up nobody.

use consent_gate::{ConsentKind, Purpose};
use engine::{Engine, Policy};
use ledger::{MemoryStorage, commit};
use model::Millis;

use crate::shell::Message;
use crate::street::{clock, consent, day_one, fix_at, fixes, house, x_of};

const N_CUSTOMERS: usize = 120;

#[test]
fn visits_of_many_are_written_in_small_portions() {
    let mut engine = Engine::new(house(), Policy::default());
    let mut storage = MemoryStorage::new();
    engine.open(day_one());
    let names: Vec<String> = (0..N_CUSTOMERS).map(|i| format!("c{i}")).collect();
    let mut deliver = |messages: &[Message], now| {
        let letters: Vec<_> = messages.iter().map(Message::letter).collect();
        engine.handle_letters(&letters, now);
        let mut portions = Vec::new();
        while let Some(staged) = engine.poll_staged(now) {
            portions.push(staged.n_rows());
            for committed in commit(&mut storage, vec![staged]).expect("memory takes it") {
                engine.handle_committed(committed, now);
            }
        }
        portions
    };
    let noon = clock(3, "12:00");
    let grants = names.iter().flat_map(|name| {
        let yes = ConsentKind::Grant { until: None, confirm: None };
        [Purpose::Location, Purpose::Background]
            .map(|purpose| consent(name, "corner", purpose, yes, day_one(), 0).0)
    });
    let granted = deliver(&grants.collect::<Vec<_>>(), day_one());
    assert_eq!(granted, [N_CUSTOMERS], "what they said is one commit");
    let all_at = |x_m: f64, at| names.iter().map(|name| fixes(name, "phone", &[fix_at(at, x_m)])).collect();
    let before: Vec<Message> = all_at(x_of("cafe") + 400.0, noon);
    deliver(&before, noon);
    let at = noon + Millis::from_mins(1);
    let inside: Vec<Message> = all_at(x_of("cafe"), at);
    assert_eq!(deliver(&inside, at), [50, 50, 20]);
}
