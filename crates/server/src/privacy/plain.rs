//! The document's first half: plain words for a customer.

use std::fmt::Write as _;

use consent_gate::Purpose;
use model::Dial;
use settings::Settings;

use super::facts::{about, clock, grant_lasts, offers, retention, span};

/// For a customer.
pub(super) fn for_customers(settings: &Settings) -> String {
    [asked(settings), kept(settings), seen(settings), restraint(settings), rights()].concat()
}

fn asked(settings: &Settings) -> String {
    let mut text = "## For you\n\n\
        **You are asked first.** For each merchant and each purpose you are asked separately, and the answer is no until\n\
        you say yes. Whoever has not agreed to be located is not looked at: what your phone sends is thrown away unread,\n\
        and nothing is kept of it, not even that it came. You may say yes to:\n\n"
        .to_owned();
    for purpose in Purpose::ALL {
        writeln!(text, "- `{}`: to {};", purpose.word(), about(purpose).plain).expect("a String takes it");
    }
    let lasts = span(grant_lasts(settings, Purpose::Location));
    text + &format!(
        "\nA yes to be located lasts {lasts} at most, and then you are asked again. The text that you were shown, when, and\n\
         by what means you agreed is kept as proof. Taking it back is as easy as giving it, and it holds from the moment\n\
         it is acknowledged: after that nothing of yours is opened and nothing is sent.\n\n"
    )
}

fn kept(settings: &Settings) -> String {
    let keep = retention(settings);
    format!(
        "**Where you are is not kept.** A position is compared with the fences of stores in memory and forgotten; no\n\
         coordinate is ever written to disk, to a log or into a message. What is kept, under an opaque id and sealed with a\n\
         key of your own:\n\n\
         - what you agreed to and what you took back, for {consents} after it ended;\n\
         - at which store you are now or were a moment ago, until the visit ends;\n\
         - which offers were made or held back and why, and what you said about them, for {decisions};\n\
         - what you said about yourself: language, favourite stores, how much you want to hear.\n\n\
         **Never collected:** your name, e-mail address or phone number; a trace of where you went; what others around you\n\
         do; anything concluded about your health, faith, politics or orientation. Nothing is sold or given to third\n\
         parties, and there is no code that could send a position anywhere.\n\n",
        consents = span(keep.consents),
        decisions = span(keep.decisions)
    )
}

fn seen(settings: &Settings) -> String {
    let to = match &settings.broker {
        Some(_) => "the message broker that the operator runs, and from there your own phone",
        None => "your own phone, or the merchant's backend that hands it to your phone",
    };
    format!(
        "**Who sees it.** A merchant's own stores only: at fences of merchants to whom you did not agree you are not there.\n\
         An offer goes to {to}. Staff can look one customer up to answer questions, by id.\n\n"
    )
}

fn restraint(settings: &Settings) -> String {
    let (from, until) = settings.notifier.hours.minutes();
    let caps = settings.notifier.caps;
    format!(
        "**How often.** At most {day} in 24 hours and {week} in 7 days to your phone, between {from} and {until} on your\n\
         clock. You may set it lower (0 to {max} a week), set quiet hours of your own, and mute a merchant or a store; your\n\
         word stands above every merchant's setting.\n\n",
        day = offers(caps.per_24h_max),
        week = offers(caps.per_7d_max),
        from = clock(from),
        until = clock(until),
        max = Dial::PER_WEEK_MAX
    )
}

fn rights() -> String {
    "**Your rights.** You may ask what is held and get all of it as a file that machines read too; have why you got an\n\
     offer, or why none, explained from the record; pause everything until a day that you name; take any yes back; and\n\
     have everything erased. Erasing destroys your key, so that not even a backup of an earlier day can be read, and you\n\
     get a signed statement of it. If you agree again later, a new life begins that knows nothing of the old.\n\n"
        .to_owned()
}
