//! Laws: what is written is read back, and no input panics.

use consent_gate::{Actor, Block, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose, TokenHash};
use model::{CustomerId, DeviceId, Fix, MerchantId, Meters, Position, Timestamp};
use proptest::prelude::*;
use wire::batch::records;
use wire::{
    Acknowledgement, Decoder, Envelope, Flaw, Limits, TakenBack, Topics, consent_file, decode_offer,
    encode_ack, encode_batch_record, encode_consent, encode_feedback, encode_fix, encode_fixes, encode_offer,
    trace,
};

use crate::common::{consented, decode, decode_one, grant};
use crate::offers::notification;

fn timestamps() -> impl Strategy<Value = Timestamp> {
    (100_000_000_000..253_402_300_800_000_i64).prop_map(Timestamp::from_unix_ms)
}

fn fixes() -> impl Strategy<Value = Fix> {
    let accuracy = proptest::option::of(1e-9..1e12_f64);
    let speed = proptest::option::of(0.0..1e30_f32);
    let switches = (any::<bool>(), any::<Option<bool>>(), any::<bool>());
    (timestamps(), -90.0..=90.0_f64, -180.0..=180.0_f64, accuracy, speed, switches).prop_map(
        |(taken_at, lat, lng, accuracy, speed_mps, (mock, foreground, still))| Fix {
            taken_at,
            position: Position::new(lat, lng).unwrap(),
            accuracy: accuracy.map(Meters),
            speed_mps,
            mock,
            foreground,
            still,
        },
    )
}

fn ids() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-]{1,64}"
        .prop_filter("reserved", |id| CustomerId::check(id).is_ok() && DeviceId::check(id).is_ok())
}

fn events() -> impl Strategy<Value = ConsentEvent> {
    let tokens = any::<[u8; 32]>().prop_map(TokenHash::from_bytes);
    let circumstances = (proptest::option::of(timestamps()), proptest::option::of(tokens));
    let kinds = (0..9_usize, circumstances).prop_map(|(kind, (until, confirm))| {
        [
            ConsentKind::Grant { until, confirm },
            ConsentKind::Refuse,
            ConsentKind::Withdraw,
            ConsentKind::Pause { until },
            ConsentKind::Resume,
            ConsentKind::Show,
            ConsentKind::Block { why: Block::Minor },
            ConsentKind::Block { why: Block::Legal },
            ConsentKind::Unblock,
        ][kind]
    });
    let notices = ("[^\\p{Cc}]{1,60}", any::<u32>(), "[a-z]{2}(-[A-Z]{2})?", "[0-9a-f]{64}", timestamps());
    let notices = notices.prop_map(|(id, version, lang, sha256, shown_at)| Notice {
        id: id.into(),
        version,
        lang: lang.into(),
        sha256: sha256.into(),
        shown_at,
    });
    let words = (
        proptest::sample::select(Purpose::ALL.to_vec()),
        proptest::sample::select(Actor::ALL.to_vec()),
        proptest::sample::select(Method::ALL.to_vec()),
    );
    let app = proptest::option::of("[0-9.]{1,12}".prop_map(Into::into));
    let evidence = (proptest::option::of(notices), proptest::option::of(timestamps()), app);
    (ids(), ids(), kinds, words, evidence).prop_map(
        |(id, merchant, kind, (purpose, actor, method), (notice, evidence_at, app))| ConsentEvent {
            id: EventId::new(&id).unwrap(),
            merchant: MerchantId::new(&merchant).unwrap(),
            purpose,
            kind,
            actor,
            method,
            notice,
            evidence_at,
            app,
        },
    )
}

/// Gives bytes to everything that reads bytes.
fn look_everywhere(bytes: &[u8]) {
    let mut decoder = Decoder::new(Limits { n_fixes_max: 3, ..Limits::default() });
    let envelope = Envelope { customer: "c1", device: "d1", body: bytes };
    let mut found = Vec::new();
    decoder.fixes(consented(envelope), &mut found);
    assert!(!found.is_empty(), "every record has one outcome");
    let good = found.iter().take_while(|fix| fix.is_ok()).count();
    assert!(found[good..].iter().all(Result::is_err), "good fixes come first");
    let unmarked = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let is_json = serde_json::from_slice::<serde_json::Value>(unmarked).is_ok();
    assert!(is_json || good == 0, "what a value tree refuses is no fix");
    let times: Vec<_> = found[..good].iter().flatten().map(|fix| fix.taken_at).collect();
    assert!(times.is_sorted());
    let _ = decoder.consent_letter(&envelope);
    let _ = decoder.feedback(&envelope);
    let _ = decode_offer(bytes);
    let _ = Acknowledgement::decode(bytes);
    assert!(records(bytes, &Limits::default()).next().is_some(), "a batch is never silent");
    records(bytes, &Limits::default()).for_each(drop);
    consent_file::read(bytes).for_each(drop);
    if let Ok(fixes) = trace::fixes(bytes) {
        fixes.for_each(drop);
    }
    if let Ok(points) = trace::points(bytes) {
        points.for_each(drop);
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = Topics::default().parse(text);
        let _ = Topics::default().parse(&format!("stile/v1/{text}"));
    }
}

/// Good messages of every kind, to be damaged.
fn messages() -> Vec<Vec<u8>> {
    let fix = Fix::at(Timestamp::from_unix_ms(1_763_748_000_123), Position::new(47.5, -122.25).unwrap());
    let mut batch = Vec::new();
    for _ in 0..3 {
        let (customer, device) = (CustomerId::new("c1").unwrap(), DeviceId::new("d1").unwrap());
        encode_batch_record(&customer, &device, &fix, &mut batch);
    }
    let mut file = Vec::new();
    let customer = CustomerId::new("c1").unwrap();
    consent_file::write(&customer, fix.taken_at, &grant(), &mut file).unwrap();
    let feedback = wire::Feedback {
        about: wire::About::Notification(notification().id),
        kind: wire::FeedbackKind::Shown,
        at: None,
    };
    vec![
        encode_fix(&fix),
        encode_fixes(&[fix, fix]),
        batch,
        encode_consent(&grant()),
        encode_feedback(&feedback),
        encode_offer(&notification()),
        file,
        b"device,ts_unix_ms,lat,lon,acc_m\nd1,1763748000123,1,2,3\n\"d1\",1763748000123,1,2,3\n".to_vec(),
        b"{\"v\":1,\"ts\":\"2016-12-31T23:59:60.5+01:30\",\"lat\":1e1,\"lon\":-2,\"x\":[{\"\\u00e9\":null}]}"
            .to_vec(),
        b"c1/d1/fix".to_vec(),
    ]
}

proptest! {
    #[test]
    fn a_written_fix_is_read_back_to_the_last_bit(fix in fixes()) {
        prop_assert_eq!(decode_one(encode_fix(&fix)), Ok(fix));
    }

    #[test]
    fn a_written_list_is_read_back_in_order_of_time(list in proptest::collection::vec(fixes(), 1..20)) {
        let mut sorted = list.clone();
        sorted.sort_by_key(|fix| fix.taken_at);
        let read: Result<Vec<Fix>, Flaw> = decode(&encode_fixes(&list)).into_iter().collect();
        prop_assert_eq!(read, Ok(sorted));
    }

    #[test]
    fn a_written_batch_is_read_back(rows in proptest::collection::vec((ids(), ids(), fixes()), 1..10)) {
        let mut payload = Vec::new();
        for (customer, device, fix) in &rows {
            let (customer, device) = (CustomerId::new(customer).unwrap(), DeviceId::new(device).unwrap());
            encode_batch_record(&customer, &device, fix, &mut payload);
        }
        let mut decoder = Decoder::new(Limits::default());
        let mut read = Vec::new();
        for record in records(&payload, &Limits::default()) {
            let record = record.unwrap();
            let envelope = Envelope { customer: record.customer, device: record.device, body: record.body };
            let mut fixes = Vec::new();
            decoder.fixes(consented(envelope), &mut fixes);
            read.push((record.customer.to_owned(), record.device.to_owned(), fixes[0].unwrap()));
        }
        let recorded: Vec<_> = trace::fixes(&payload[..]).unwrap().map(|item| {
            let item = item.unwrap();
            (item.customer.as_str().to_owned(), item.device.as_str().to_owned(), item.fix)
        }).collect();
        prop_assert_eq!(&read, &rows);
        prop_assert_eq!(&recorded, &rows);
    }

    #[test]
    fn a_written_event_is_read_back(event in events(), received_at in timestamps()) {
        let body = encode_consent(&event);
        let envelope = Envelope { customer: "c1", device: "", body: &body };
        prop_assert_eq!(Decoder::new(Limits::default()).consent(&envelope), Ok(event.clone()));
        let mut file = Vec::new();
        consent_file::write(&CustomerId::new("c1").unwrap(), received_at, &event, &mut file).unwrap();
        let received = consent_file::read(&file[..]).next().unwrap().unwrap();
        prop_assert_eq!((received.received_at, received.event), (received_at, event));
    }

    #[test]
    fn a_written_answer_is_read_back(
        words in proptest::array::uniform5(".{0,40}"),
        epoch in any::<u32>(),
        missing in proptest::collection::vec("[a-z_]{1,20}", 0..3),
        withdrawn in proptest::collection::vec(("[a-z]{1,9}", "[a-z.]{1,9}"), 0..3),
    ) {
        let withdrawn = withdrawn.into_iter().map(|(merchant, purpose)| TakenBack { merchant, purpose }).collect();
        let [event_id, merchant, purpose, state, effect] = words.map(|word: String| word.replace('\0', ""));
        let answer = Acknowledgement { event_id, merchant, purpose, state, effect, epoch, missing, withdrawn };
        prop_assert_eq!(Acknowledgement::decode(&encode_ack(&answer)), Ok(answer));
    }

    #[test]
    fn the_words_of_an_offer_are_read_back(words in proptest::array::uniform4("\\PC{0,40}")) {
        let mut sent = notification();
        let [title, body, link, why] = words;
        sent.words = model::Words { title, body, link: Some(link), why };
        prop_assert_eq!(decode_offer(&encode_offer(&sent)).map(|offer| offer.words), Ok(sent.words));
    }

    #[test]
    fn text_and_number_are_one_instant(at in timestamps()) {
        let text = chrono::DateTime::from_timestamp_millis(at.unix_ms()).unwrap().to_rfc3339();
        let body = |ts: String| format!(r#"{{"v":1,"ts":{ts},"lat":1,"lon":2}}"#);
        let of_text = decode_one(body(format!("{text:?}")));
        prop_assert_eq!(of_text, decode_one(body(at.unix_ms().to_string())));
        prop_assert_eq!(of_text.map(|fix| fix.taken_at), Ok(at));
    }

    #[test]
    fn random_bytes_panic_nowhere(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        look_everywhere(&bytes);
    }

    #[test]
    fn random_json_panics_nowhere(text in "[\\{\\}\\[\\]:,\"0-9eE.+\\-\\\\uvtsladon \\n]{0,120}") {
        look_everywhere(text.as_bytes());
        look_everywhere(format!("{{\"v\":1,{text}").as_bytes());
    }

    #[test]
    fn damaged_messages_panic_nowhere(
        which in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let messages = messages();
        let mut bytes = which.get(&messages).clone();
        for (at, byte, how) in damage {
            let at = at.index(bytes.len() + 1);
            match how {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                2 if at < bytes.len() => { bytes.remove(at); }
                _ => bytes.truncate(at.max(1)),
            }
        }
        look_everywhere(&bytes);
    }

    #[test]
    fn every_piece_of_a_message_panics_nowhere(which in any::<prop::sample::Index>(), end in any::<prop::sample::Index>()) {
        let messages = messages();
        let bytes = which.get(&messages);
        look_everywhere(&bytes[..end.index(bytes.len())]);
    }

    #[test]
    fn a_field_is_judged_like_a_value_tree_says(value in "-?[0-9]{1,3}(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?") {
        let body = format!(r#"{{"v":1,"ts":1763748000123,"lat":{value},"lon":0}}"#);
        let tree: Result<serde_json::Value, _> = serde_json::from_str(&body);
        let expected = match tree {
            Err(_) => Err(Flaw::Malformed),
            Ok(tree) => {
                let lat = value.parse::<f64>().unwrap();
                assert_eq!(tree["lat"].as_f64(), Some(lat));
                Position::new(lat, 0.0).map_err(|_| Flaw::OutOfRange)
            }
        };
        prop_assert_eq!(decode_one(body).map(|fix| fix.position), expected);
    }
}
