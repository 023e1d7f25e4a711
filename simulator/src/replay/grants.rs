//! The consent that a replay gives on behalf of the people in a trace.

use consent_gate::{Actor, ConsentEvent, ConsentKind, EventId, Method, Notice, Purpose};
use model::{CustomerId, MerchantId, Millis, StableHasher, Timestamp};

use crate::replay::survey::Span;

/// The notice lies this long before the first fix: the porter lets a day pass after a grant
/// before the first offer, and a replay should not be silent for its first day.
const NOTICE_LEAD: Millis = Millis::from_days(2);
/// Grants outlive the last fix, so that what follows from it may still happen.
const GRANT_TAIL: Millis = Millis::from_days(1);
/// SHA-256 of "This is a replay of recorded fixes. Nobody was asked; the simulator grants on their behalf."
const NOTICE_SHA256: &str = "8c8c7df5741001e843c2fbeb0cd706e8f0eafd2278da4d2fb711bb3f2b1528e0";

/// When everybody is shown the notice; a server whose clock follows the fixes starts here.
pub(crate) fn notice_at(span: Span) -> Timestamp {
    span.first_at - NOTICE_LEAD
}

/// One customer's grants: for each merchant, to be located, with the app in use or not, and to be offered
/// something.
///
/// The same customer, merchant and span give the same event ids, so that a second run is a
/// repetition and not a new decision.
pub(crate) fn grants(
    customer: &CustomerId,
    merchants: &[MerchantId],
    span: Span,
) -> impl Iterator<Item = ConsentEvent> {
    merchants.iter().flat_map(move |merchant| {
        [Purpose::Location, Purpose::Background, Purpose::OffersPush]
            .into_iter()
            .map(move |purpose| grant(customer, merchant, purpose, span))
    })
}

fn grant(customer: &CustomerId, merchant: &MerchantId, purpose: Purpose, span: Span) -> ConsentEvent {
    let until = span.last_at + GRANT_TAIL;
    let digest = StableHasher::new("stile simulator grant v1").text(customer.as_str());
    let digest = digest.text(merchant.as_str()).text(purpose.word());
    let digest = digest.number(span.first_at.unix_ms()).number(until.unix_ms()).finish();
    let shown_at = notice_at(span);
    ConsentEvent {
        id: EventId::new(&digest.to_string()).expect("hexadecimal digits make an event id"),
        merchant: merchant.clone(),
        purpose,
        kind: ConsentKind::Grant { until: Some(until), confirm: None },
        actor: Actor::Own,
        method: Method::Api,
        notice: Some(Notice {
            id: "simulator-replay".into(),
            version: 1,
            lang: "en".into(),
            sha256: NOTICE_SHA256.into(),
            shown_at,
        }),
        evidence_at: Some(shown_at),
        app: None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SPAN: Span = Span {
        first_at: Timestamp::from_unix_ms(1_425_708_022_000),
        last_at: Timestamp::from_unix_ms(1_425_794_422_000),
    };

    fn merchants(names: &[&str]) -> Vec<MerchantId> {
        names.iter().map(|name| MerchantId::new(name).unwrap()).collect()
    }

    fn check(customer: &str, names: &[&str]) -> Vec<ConsentEvent> {
        grants(&CustomerId::new(customer).unwrap(), &merchants(names), SPAN).collect()
    }

    #[test]
    fn each_merchant_gets_every_purpose() {
        let events = check("c1", &["coffee", "books"]);
        let seen: Vec<_> = events.iter().map(|event| (event.merchant.as_str(), event.purpose)).collect();
        let purposes = [Purpose::Location, Purpose::Background, Purpose::OffersPush];
        let of = |merchant| purposes.map(|purpose| (merchant, purpose));
        assert_eq!(seen, [of("coffee"), of("books")].concat());
    }

    #[test]
    fn a_grant_is_shown_before_the_first_fix_and_outlives_the_last() {
        for event in check("c1", &["coffee"]) {
            let ConsentKind::Grant { until: Some(until), confirm: None } = event.kind else {
                panic!("a grant names its end")
            };
            let notice = event.notice.unwrap();
            assert_eq!(notice.shown_at, SPAN.first_at - Millis::from_days(2));
            assert_eq!(until, SPAN.last_at + Millis::from_days(1));
            assert!(notice.sha256.len() == 64 && notice.sha256.bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn every_grant_has_its_own_id_and_a_second_run_has_the_same() {
        let ids = |customer| check(customer, &["coffee", "books"]).into_iter().map(|event| event.id);
        let all: HashSet<_> = ids("c1").chain(ids("c2")).collect();
        assert_eq!(all.len(), 12);
        assert!(ids("c1").eq(ids("c1")));
    }
}
