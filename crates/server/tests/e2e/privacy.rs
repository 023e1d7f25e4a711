//! `no_position_on_disk`, and no name in clear: logs and data searched for what was planted.

use std::fs;
use std::path::{Path, PathBuf};

use model::Timestamp;
use server::control::Request;
use server::mqtt::Version;

use crate::client::{Client, connect};
use crate::premises::{LAT, LON, Premises};
use crate::server::Server;
use crate::unsealed::unsealed;
use crate::with_clients;
use crate::words::{consent, fix, grants, now_ms, record};

const NAMES: [&str; 6] = [
    "canary7f3acustomer",
    "canary9d2bphone",
    "canary4e8cstranger",
    "canary1a6dbroken",
    "canary.5c1e",
    "canary3b7fsecret",
];

/// Something to look for, and how it may be written.
struct Planted {
    what: String,
    bytes: Vec<u8>,
}

fn planted(lat: f64, lon: f64) -> Vec<Planted> {
    let mut planted = Vec::new();
    for name in NAMES {
        planted.push(Planted { what: name.into(), bytes: name.into() });
        let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        planted.push(Planted { what: format!("{name} in hexadecimal"), bytes: hex.into() });
    }
    for (value, span) in [(lat, 180.0), (lon, 360.0)] {
        let mut add = |what: &str, bytes: &[u8]| {
            planted.push(Planted { what: format!("{value} as {what}"), bytes: bytes.to_vec() });
        };
        for digits in 4..=6 {
            let rounded = format!("{value:.digits$}");
            add("a rounded decimal", rounded.as_bytes());
            let whole = value.to_string();
            let point = whole.find('.').unwrap();
            add("a cut decimal", &whole.as_bytes()[..=point + digits]);
        }
        add("f64, little end first", &value.to_le_bytes());
        add("f64, big end first", &value.to_be_bytes());
        add("f32, little end first", &(value as f32).to_le_bytes());
        add("f32, big end first", &(value as f32).to_be_bytes());
        let radians = value.to_radians();
        add("radians, little end first", &radians.to_le_bytes());
        add("radians, big end first", &radians.to_be_bytes());
        for scale in [1e5, 1e6, 1e7] {
            let scaled = (value * scale).round() as i32;
            add("a scaled integer, little end first", &scaled.to_le_bytes());
            add("a scaled integer, big end first", &scaled.to_be_bytes());
            add("a scaled integer in text", scaled.to_string().as_bytes());
            add("a scaled integer of the ledger", &signed_number(scaled.into()));
        }
        let fixed = ((value + span / 2.0) / span * 2_f64.powi(32)) as u32;
        add("fixed point, little end first", &fixed.to_le_bytes());
        add("fixed point, big end first", &fixed.to_be_bytes());
        // As the index has it: 2^32 units once round the earth, both ways.
        let units = ((value + span / 2.0) / 360.0 * 2_f64.powi(32)).round() as u32;
        add("units of the index, little end first", &units.to_le_bytes());
        add("units of the index, big end first", &units.to_be_bytes());
        add("units of the index in text", units.to_string().as_bytes());
        add("units of the index as the ledger has numbers", &number(units.into()));
    }
    // Seven letters are some 150 m, less than the store is wide.
    let hash = geohash(lat, lon, 9);
    for n in 7..=9 {
        let what = format!("a geohash of {n} letters");
        planted.push(Planted { what: what.clone(), bytes: hash[..n].into() });
        planted
            .push(Planted { what: format!("{what}, in capitals"), bytes: hash[..n].to_uppercase().into() });
    }
    planted
}

/// A number as stored payloads have it (`docs/ledger-format.md`).
fn number(number: u64) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), number);
    while 0x80 <= rest {
        bytes.push((rest & 0x7f | 0x80) as u8);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

/// The same of a number that may be negative.
fn signed_number(signed: i64) -> Vec<u8> {
    number((signed << 1 ^ signed >> 63).cast_unsigned())
}

/// A cell of Niemeyer's grid in its letters: bits of longitude and latitude in turn, five a letter.
fn geohash(lat: f64, lon: f64, n_letters: usize) -> String {
    const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let mut sides = [(-180.0, 180.0, lon), (-90.0, 90.0, lat)];
    let mut bits = (0..5 * n_letters).map(|no| {
        let (low, high, value) = &mut sides[no % 2];
        let middle = (*low + *high) / 2.0;
        let is_above = middle <= *value;
        *(if is_above { low } else { high }) = middle;
        usize::from(is_above)
    });
    (0..n_letters)
        .map(|_| char::from(LETTERS[(0..5).fold(0, |letter, _| 2 * letter + bits.next().unwrap())]))
        .collect()
}

/// Every file of a directory and of those in it.
fn files_of(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files
        .into_iter()
        .filter(|path| path.is_file())
        .chain(folders.iter().flat_map(|folder| files_of(folder)))
        .collect()
}

/// Everything planted that stands in one of the files.
fn found(files: &[PathBuf], planted: &[Planted]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let bytes = fs::read(file).unwrap();
        for Planted { what, bytes: needle } in planted {
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(format!("{what} in {}", file.file_name().unwrap().display()));
            }
        }
    }
    found
}

/// Says the names and the place at every door, rightly and wrongly.
async fn say_everywhere(server: &Server, version: Version, lat: f64, lon: f64) {
    let [customer, phone, stranger, broken, dotted, secret] = NAMES;
    let mut backend = connect(server.address(), version, "backend").await;
    assert!(backend.subscribe("stile/v1/+/+/offer", 1).await);
    let say = async |client: &mut Client, topic: String, payload: String| {
        client.send(&topic, 1, payload).await;
        client.answer().await;
    };
    for event in grants(&format!("{secret}-{version:?}")) {
        say(&mut backend, format!("stile/v1/{customer}/consent"), event).await;
    }
    let here = |seconds_ago: i64| fix(now_ms() - 1_000 * seconds_ago, lat, lon);
    let cut = here(5).to_string();
    let cut = &cut[..cut.len() - 1];
    let strange_unit = format!(r#"{{"v":1,"ts":"yesterday","lat":{lat},"lon":{lon},"note":"{secret}"}}"#);
    let claims = here(4).to_string().replacen('{', &format!(r#"{{"device":"{broken}","#), 1);
    let fixes = [here(300).to_string(), here(30).to_string(), cut.to_owned(), strange_unit, claims];
    for fix in &fixes {
        for (name, device) in [(customer, phone), (stranger, phone), (customer, dotted), (dotted, phone)] {
            say(&mut backend, format!("stile/v1/{name}/{device}/fix"), fix.clone()).await;
        }
    }
    say(&mut backend, format!("stile/v2/{customer}/{phone}/fix"), fixes[0].clone()).await;
    let records = [
        record(customer, phone, &here(20)),
        record(stranger, phone, &here(20)),
        record(dotted, broken, &here(20)),
        format!("{cut}\n"),
    ];
    say(&mut backend, "stile/v1/batch".into(), records.concat()).await;
    let place = format!(r#""lat":{lat},"lon":{lon}"#);
    let feedback = format!(r#"{{"v":1,"offer_id":"{secret}","kind":"opened",{place}}}"#);
    say(&mut backend, format!("stile/v1/{customer}/{phone}/feedback"), feedback.clone()).await;
    say(&mut backend, format!("stile/v1/{stranger}/{phone}/feedback"), feedback).await;
    let event = consent("e-place", "location", "grant").replacen('{', &format!("{{{place},"), 1);
    say(&mut backend, format!("stile/v1/{customer}/consent"), event.clone()).await;
    say(&mut backend, format!("stile/v1/{broken}/consent"), event[..event.len() - 3].to_owned()).await;
    if version == Version::V5 {
        // The first stay is worth an offer, which goes out with the names and without the place.
        let offer = backend.message().await;
        assert!(offer.topic.contains(customer));
        let text = String::from_utf8(offer.payload.to_vec()).unwrap();
        assert!(!text.contains(&format!("{lat:.4}")), "{text}");
    }
    let mut bad = crate::client::Login::new(server.address(), version, secret);
    bad.client_id = customer.into();
    assert!(Client::log_in(bad).await.is_err());
}

/// What the server tells operators about all of it, in a file.
fn answers(premises: &Premises, server: &Server) -> Vec<PathBuf> {
    let requests = [Request::Status, Request::OffersList];
    let told: Vec<String> = requests.iter().map(|request| server.ask(request).to_string()).collect();
    vec![premises.write("answers", &told.join("\n"))]
}

/// A backup of the ledger, and one of the keys.
fn backed_up(premises: &Premises) -> Vec<PathBuf> {
    let (data, to) = (premises.data(), premises.path("backups"));
    fs::create_dir(&to).unwrap();
    let now = Timestamp::from_unix_ms(now_ms());
    store::back_up(&data, &to.join("ledger"), now).unwrap();
    store::back_up_keys(&data, &to.join("keys"), now).unwrap();
    let files = files_of(&to);
    assert!(4 <= files.len(), "both were made: {files:?}");
    files
}

/// What would be found if nothing were sealed: names, which belong there, and no place.
fn found_without_a_cipher(premises: &Premises, planted: &[Planted]) -> Vec<String> {
    let plain = premises.path("plain");
    fs::write(&plain, unsealed(&premises.data())).unwrap();
    let found = found(&[plain], planted);
    assert!(found.iter().any(|found| found.starts_with(NAMES[0])), "nothing is hidden: {found:?}");
    places_of(found)
}

/// Where names belong, a name is no find.
fn places_of(mut found: Vec<String>) -> Vec<String> {
    found.retain(|found| !NAMES.iter().any(|name| found.starts_with(name)));
    found
}

/// One run with a place of its own; what was found.
async fn run(place: usize) -> Vec<String> {
    let (lat, lon) = (LAT + 0.000_123_7 + place as f64 * 1e-5, LON + 0.000_217_3);
    let planted = planted(lat, lon);
    let premises = Premises::new(&[]);
    let started = |premises: &Premises| {
        Server::try_start(premises, &[], "trace").unwrap_or_else(|_| panic!("it starts"))
    };
    let server = started(&premises);
    // From now on it notes what happens.
    server.ask(&Request::Events);
    say_everywhere(&server, Version::V5, lat, lon).await;
    let mut found_in_all = found(&files_of(&premises.data()), &planted);
    let trace = premises.write("trace", &server.ask(&Request::Events).to_string());
    found_in_all.extend(places_of(found(&[trace], &planted)));
    found_in_all.extend(found(&[answers(&premises, &server), backed_up(&premises)].concat(), &planted));
    server.kill();
    found_in_all.extend(found(&files_of(&premises.data()), &planted));
    let server = started(&premises);
    say_everywhere(&server, Version::V311, lat, lon).await;
    let log = server.stop();
    assert!(log.contains("the engine has started"), "the log says something: {log}");
    found_in_all.extend(found(&files_of(&premises.data()), &planted));
    found_in_all.extend(found(&[premises.path("log")], &planted));
    let names: Vec<_> =
        files_of(&premises.data()).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert!(4 <= names.len(), "the ledger, its keys and heads were searched: {names:?}");
    found_in_all.extend(found_without_a_cipher(&premises, &planted));
    println!(
        "{} ways to write names and a place, sought in {} files of the data directory, two backups, log, answers, trace \
         and the ledger without its cipher; found {}",
        planted.len(),
        names.len(),
        found_in_all.len()
    );
    found_in_all
}

#[test]
fn no_position_on_disk_and_no_name_in_clear() {
    let first = with_clients(run(0));
    // Four bytes of a cipher can be anything, so a find counts when it comes again.
    let again = if first.is_empty() { Vec::new() } else { with_clients(run(1)) };
    assert!(first.is_empty() || again.is_empty(), "{first:?} and {again:?}");
}

#[test]
fn the_search_for_what_was_planted_finds_it() {
    let dir = tempfile::tempdir().unwrap();
    let planted = planted(LAT, LON);
    for (no, needle) in planted.iter().enumerate() {
        let file = dir.path().join(no.to_string());
        fs::write(&file, [&[0x5a; 1_000][..], &needle.bytes, &[0xa5; 77]].concat()).unwrap();
        let found = found(&[file], &planted);
        assert!(found.iter().any(|found| found.starts_with(&needle.what)), "{}: {found:?}", needle.what);
    }
    let clean = dir.path().join("clean");
    fs::write(&clean, [0x5a; 10_000]).unwrap();
    assert!(found(&[clean], &planted).is_empty());
}
