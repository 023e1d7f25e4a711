//! The document's second half: tables for a data protection officer.

use std::fmt::Write as _;

use consent_gate::Purpose;
use settings::Settings;

use super::facts::{About, about, grant_lasts, retention, span};

/// For a data protection officer.
/// `law` tells which rules count.
pub(super) fn for_officers(settings: &Settings, law: &str) -> String {
    [
        "## For a data protection officer\n\n".to_owned(),
        purposes(settings),
        law.to_owned(),
        data(settings),
        sensitive(settings),
        leaving(settings),
        rights(),
        safeguards(),
    ]
    .concat()
}

fn purposes(settings: &Settings) -> String {
    let mut text = "### Purposes and legal bases\n\n\
        Each is asked for per customer and merchant, and denied by default. Evidence kept with every event: who acted, by\n\
        what means, when, and the notice's id, version, language and the SHA-256 of its text.\n\n\
        | purpose | what for | legal basis | a yes lasts | without it |\n|---|---|---|---|---|\n"
        .to_owned();
    for purpose in Purpose::ALL {
        let About { why, basis, without, .. } = about(purpose);
        let lasts = span(grant_lasts(settings, purpose));
        writeln!(text, "| `{}` | {why} | {basis} | {lasts} | {without} |", purpose.word())
            .expect("a String takes it");
    }
    text + "\nThe proof of consent itself is kept to answer for it (Art. 5(2), 7(1) GDPR).\n\n"
}

fn data(settings: &Settings) -> String {
    let keep = retention(settings);
    let (consents, decisions) = (span(keep.consents), span(keep.decisions));
    let silence = span(settings.presence.silence_max);
    let stale = span(settings.presence.stale_max);
    format!(
        "### What is held, and for how long\n\n\
         | data | where | kept | encrypted |\n|---|---|---|---|\n\
         | position, speed, accuracy of a fix | memory, while it is compared; the last one of a device until the next | never stored; one older than {stale} is dropped on arrival | not stored |\n\
         | open visit: device, store, first and last time | state row | until it ends, at the latest after {silence} of silence | key of the customer |\n\
         | consent events with evidence | ledger | the life of the consent and {consents} | key of the customer |\n\
         | offers made and held back, with reasons; deliveries; answers | ledger | {decisions} | key of the customer |\n\
         | profile and dial; what answers brought | state row, and an entry for each change | as long as a consent is known | key of the customer |\n\
         | texts of notices, with who vouches for them | `notices.json` | for good; they name no customer | no |\n\
         | tombstone of an erasure: keyed hash, time | `tombstones` | for good, so that no backup brings anybody back | hash only |\n\
         | counts by reason | memory | until the server stops; of no person | not stored |\n\n\
         Of a customer who did not agree, a message leaves one counter by reason and nothing else. Logs hold no id, no\n\
         coordinate and no payload. Index columns hold keyed hashes, never ids.\n\n"
    )
}

fn sensitive(settings: &Settings) -> String {
    let margins = settings.sensitive.margins;
    let how = match &settings.sensitive.file {
        None => "No file of sensitive places is set for this deployment: **nothing is hidden**, until `[sensitive]` names one.".to_owned(),
        Some(_) => format!(
            "A position nearer than {} m, and its accuracy up to {} m, to a sensitive place (health, worship, school, shelter\n\
             and others) is dropped before it is compared with any fence, and counted in one total that tells no place. Stores\n\
             so near to one that a law speaks of it cannot be watched, or their offers wait for nobody's stay.",
            margins.buffer.0, margins.accuracy_cap.0
        ),
    };
    format!("### Sensitive places\n\n{how}\n\n")
}

fn leaving(settings: &Settings) -> String {
    let listener = &settings.listener;
    let mut rows = Vec::new();
    if listener.enabled {
        let open = if listener.bind.ip().is_loopback() {
            "this machine only"
        } else {
            "other machines, unencrypted: set by insecure_listen"
        };
        rows.push(format!("| MQTT listener, {} | {open} | offers and acknowledgements to the device they are for, and to backends | identities in the settings |", listener.bind));
    }
    match &settings.broker {
        Some(broker) => rows.push(format!(
            "| outside broker {}:{} | whoever may read there | the same topics | the broker's access rules |",
            broker.host, broker.port
        )),
        None => rows.push("| outside broker | none is set | nothing | - |".to_owned()),
    }
    rows.push("| control socket, mode 0600 | the account that runs the server | what commands print | the account's |".to_owned());
    rows.push(
        "| anything else | nobody | nothing: no analytics, no crash reports, no updates | - |".to_owned(),
    );
    format!(
        "### What leaves the machine\n\n| way | who reaches it | what goes there | who may |\n|---|---|---|---|\n{}\n\n\
         An offer names the store, the text, its reason and when it ends; no position. Recipients other than the customer's\n\
         own phone or the merchant's backend: none. Transfers to third countries: none by this program.\n\n",
        rows.join("\n")
    )
}

/// What a customer may ask for, and what does it.
const RIGHTS: [(&str, &str, &str, &str); 10] = [
    ("be told what is held", "Art. 15", "`stile customer show C`, `stile consent show C --history`", "-"),
    ("a copy, to take along", "Art. 15(3), 20", "`stile customer export C --out FILE`", "-"),
    ("bring it back", "Art. 20", "`stile customer import FILE`", "-"),
    ("why this offer, why nothing", "Art. 13(2)(f), 15(1)(h)", "`stile customer explain C`", "-"),
    ("take consent back", "Art. 7(3)", "`stile consent withdraw C --all`", "consent topic: `withdraw`"),
    ("pause", "Art. 9(2) Dir. 2002/58/EC", "`stile customer pause C --until DAY`", "consent topic: `pause`"),
    (
        "set how much to hear",
        "Art. 21, 25",
        "`stile customer dial C --per-week 2 --quiet 22:00-08:00`",
        "profile topic: `dial`",
    ),
    (
        "mute a merchant or a store",
        "Art. 21",
        "`stile customer mute C --merchant M`",
        "profile topic: `dial`",
    ),
    ("have it corrected", "Art. 16", "profile topic, by the backend", "profile topic"),
    ("be erased", "Art. 17", "`stile customer erase C --statement FILE`", "-"),
];

fn rights() -> String {
    let mut text = "### Rights, and what does them\n\n\
        | right | GDPR | command | the customer's own phone |\n|---|---|---|---|\n"
        .to_owned();
    for (right, law, command, door) in RIGHTS {
        writeln!(text, "| {right} | {law} | {command} | {door} |").expect("a String takes it");
    }
    text + "\nEach command works on a running server or on its directory, and returns when what it changed is durable. What\n\
        staff say is recorded as actor `agent`, method `staff`. Consents of an earlier system are taken over with\n\
        `stile consent import`; a yes among them counts only when the text that was shown is registered, with who vouches\n\
        for it (`stile consent notices register`), and is marked as attested.\n\n"
}

fn safeguards() -> String {
    "### Safeguards\n\n\
     - **Encryption.** Every row of a customer is sealed with a key of their own (XChaCha20-Poly1305) and bound to its\n  \
       table, customer and number, so that rows cannot be swapped. The keys lie in `keys.db`, wrapped by a master key.\n\
     - **Integrity.** Entries are numbered and hash-chained per partition, the heads of the chains are kept apart:\n  \
       `stile audit verify` finds any changed byte and names the place.\n\
     - **Erasure.** The key is destroyed, and the rows are deleted and overwritten, before it is acknowledged; a tombstone\n  \
       keeps an older backup or a re-import from bringing anybody back. Where the database has rearranged a page, sealed\n  \
       bytes of a row may remain in its free space: without the key nobody can read them. The statement names the\n  \
       destroyed key and the ledger position, and is signed.\n\
     - **Backups.** A backup of the ledger holds no keys. Keys have backups of their own, to be kept 30 days. A restore\n  \
       applies tombstones first, and loosens nobody's consent.\n\
     - **Never collected.** Names, addresses, phone numbers, traces, contacts, advertising ids, inferred traits. A\n  \
       position is never written in any form; the tests search every file for it.\n"
        .to_owned()
}
