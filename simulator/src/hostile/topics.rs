//! Row T, and what ends a connection.

use crate::hostile::Outcome::{Denied, Dropped};
use crate::hostile::{Aim, Dice, Door, Kind, Made, Outcome};

/// Above this the listener hangs up, as shipped.
const PACKET_BYTES_MAX: usize = 2 << 20;

pub(super) const KINDS: &[Kind] = &[
    Kind { row: "T02", what: "a_name_that_is_no_id", make: bad_id },
    Kind { row: "T03", what: "a_topic_that_is_nobodys", make: nobodys },
    Kind { row: "T05", what: "a_topic_of_the_engine", make: of_the_engine },
    Kind { row: "A09", what: "a_topic_that_writes_to_terminals", make: terminal },
];

/// After these the listener may hang up.
pub(super) const ENDING: &[Kind] = &[
    Kind { row: "P15", what: "above_what_the_listener_reads", make: huge },
    Kind { row: "T02", what: "a_topic_with_a_nought_in_it", make: nought },
    Kind { row: "T02", what: "a_wildcard_where_a_name_belongs", make: wildcard },
];

fn on(aim: &Aim<'_>, topic: String, outcome: Outcome) -> Made {
    let payload = aim.fix(0, "").into_bytes();
    Made { door: Door::Nowhere, topic, payload, outcomes: vec![outcome] }
}

fn bad_id(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let long = "x".repeat(65);
    let ids = ["a.b", "a b", "$a", "..", "%2F", "\u{1f600}", "\u{202e}a", "\u{430}da", "", "e\u{301}", &long];
    let id = dice.one_of(&ids);
    let (customer, device) = if dice.below(2) == 0 { (id, aim.device) } else { (aim.customer, id) };
    on(aim, aim.topics.fix(customer, device), Dropped("bad_id"))
}

fn nobodys(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let fix = aim.topics.fix(aim.customer, aim.device);
    let topic = match dice.below(6) {
        0 => format!("{fix}/"),
        1 => format!("/{fix}"),
        2 => fix.replacen("v1", "v2", 1).replacen(aim.topics.prefix(), "elsewhere/v2", 1),
        3 => fix.to_uppercase(),
        4 => format!("{fix}/more/levels"),
        _ => "x".to_owned(),
    };
    on(aim, topic, Denied)
}

fn of_the_engine(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let topics = aim.topics;
    let topic = match dice.below(4) {
        0 => topics.offer(aim.customer, aim.device),
        1 => topics.consent_ack(aim.customer),
        2 => topics.status("stile"),
        _ => topics.dead(),
    };
    on(aim, topic, Denied)
}

fn terminal(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let id = dice.one_of(&["<script>", "=1-1", "{{7*7}}", "a\"b", "%s%n", "a;b|c`d`"]);
    on(aim, aim.topics.fix(id, aim.device), Dropped("bad_id"))
}

fn huge(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    let mut payload = aim.fix(0, "").into_bytes();
    payload.resize(PACKET_BYTES_MAX + dice.one_of(&[1, 1 << 20, 8 << 20]), b' ');
    Made { payload, ..on(aim, aim.topics.fix(aim.customer, aim.device), Denied) }
}

fn nought(aim: &Aim<'_>, _: &mut Dice) -> Made {
    on(aim, aim.topics.fix("a\0b", aim.device), Denied)
}

fn wildcard(aim: &Aim<'_>, dice: &mut Dice) -> Made {
    on(aim, aim.topics.fix(dice.one_of(&["+", "#", "a+b"]), aim.device), Denied)
}
