//! Entries and rows that say anything that can be said, for laws.

use consent_gate::{
    Actor, Block, ConsentEvent, ConsentKind, ConsentRow, ConsentState, Effect, Epoch, EventId, Hearing,
    Method, Notice, NoticeName, Purpose, TokenHash,
};
use model::{
    Answers, Channel, CustomerId, DeviceId, Dial, Digest, FeedbackKind, FenceId, Jurisdiction, MerchantId,
    Notification, NotificationId, OfferId, Profile, Silence, SilenceOver, SilenceReason, Standing, Timestamp,
    Tolerance, TransitionKind, VisitId, Words,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{
    ConsentEntry, Counted, Decision, DeliveryOutcome, Entry, Heard, OpenVisit, Said, StateRow, What,
};

/// Instants of this century, and those at the ends of what there is.
fn at() -> impl Strategy<Value = Timestamp> {
    let usual = 1_700_000_000_000..2_000_000_000_000_i64;
    prop_oneof![8 => usual, 1 => any::<i64>(), 1 => select(vec![i64::MIN, -1, 0, i64::MAX])]
        .prop_map(Timestamp::from_unix_ms)
}

fn until() -> impl Strategy<Value = Option<Timestamp>> {
    option::of(at())
}

/// A few names, so that they come again, and many.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-c]{1,2}", 1 => "[A-Za-z0-9_-]{1,63}"]
        .prop_filter("reserved", |name| CustomerId::check(name).is_ok() && DeviceId::check(name).is_ok())
}

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof!["[a-c]{0,2}", ".{0,40}", "[0-9a-f]{64}", "[0-9A-F]{64}"].prop_map(String::into_boxed_str)
}

fn texts() -> impl Strategy<Value = Vec<Box<str>>> {
    vec(text(), 0..4)
}

fn merchant() -> impl Strategy<Value = MerchantId> {
    name().prop_map(|name| MerchantId::new(&name).unwrap())
}

fn offer() -> impl Strategy<Value = OfferId> {
    name().prop_map(|name| OfferId::new(&name).unwrap())
}

fn device() -> impl Strategy<Value = DeviceId> {
    name().prop_map(|name| DeviceId::new(&name).unwrap())
}

fn fence() -> impl Strategy<Value = FenceId> {
    "[a-z /\u{e4}]{1,30}".prop_map(|name| FenceId::new(&name).unwrap())
}

fn customer() -> impl Strategy<Value = CustomerId> {
    name().prop_map(|name| CustomerId::new(&name).unwrap())
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 16]>().prop_map(Digest::from_bytes)
}

fn token() -> impl Strategy<Value = TokenHash> {
    any::<[u8; 32]>().prop_map(TokenHash::from_bytes)
}

fn state() -> BoxedStrategy<ConsentState> {
    let block = select(&Block::ALL[..]);
    prop_oneof![
        Just(ConsentState::Unknown),
        Just(ConsentState::Requested),
        (at(), at(), token(), option::of(at())).prop_map(|(until, granted_until, token, renews)| {
            ConsentState::PendingConfirmation { until, granted_until, token, renews }
        }),
        at().prop_map(|until| ConsentState::Granted { until }),
        (at(), at()).prop_map(|(until, granted_until)| ConsentState::Paused { until, granted_until }),
        Just(ConsentState::Refused),
        Just(ConsentState::Withdrawn),
        Just(ConsentState::Expired),
        Just(ConsentState::Superseded),
        block.prop_map(|why| ConsentState::Suppressed { why }),
    ]
    .boxed()
}

fn kind() -> BoxedStrategy<ConsentKind> {
    let block = select(&Block::ALL[..]);
    prop_oneof![
        Just(ConsentKind::Show),
        (until(), option::of(token())).prop_map(|(until, confirm)| ConsentKind::Grant { until, confirm }),
        token().prop_map(|token| ConsentKind::Confirm { token }),
        Just(ConsentKind::Refuse),
        Just(ConsentKind::Withdraw),
        until().prop_map(|until| ConsentKind::Pause { until }),
        Just(ConsentKind::Resume),
        Just(ConsentKind::Supersede),
        block.prop_map(|why| ConsentKind::Block { why }),
        Just(ConsentKind::Unblock),
    ]
    .boxed()
}

fn notice() -> impl Strategy<Value = Notice> {
    (text(), any::<u32>(), text(), text(), at()).prop_map(|(id, version, lang, sha256, shown_at)| Notice {
        id,
        version,
        lang,
        sha256,
        shown_at,
    })
}

fn event() -> BoxedStrategy<ConsentEvent> {
    let who = (select(&Actor::ALL[..]), select(&Method::ALL[..]), option::of(notice()));
    let what = (name(), merchant(), select(&Purpose::ALL[..]), kind());
    (what, who, until(), option::of(text()))
        .prop_map(|(what, who, evidence_at, app)| {
            let (id, merchant, purpose, kind) = what;
            let (actor, method, notice) = who;
            let id = EventId::new(&id).unwrap();
            ConsentEvent { id, merchant, purpose, kind, actor, method, notice, evidence_at, app }
        })
        .boxed()
}

fn consent() -> BoxedStrategy<ConsentEntry> {
    let outcome = (select(&Hearing::ALL[..]), select(&Effect::ALL[..]), state(), any::<u32>());
    (event(), outcome)
        .prop_map(|(event, (hearing, effect, state, epoch))| ConsentEntry {
            event,
            hearing,
            effect,
            state,
            epoch: Epoch(epoch),
        })
        .boxed()
}

fn words() -> impl Strategy<Value = Words> {
    (text(), text(), option::of(text()), text()).prop_map(|(title, body, link, why)| Words {
        title: title.into(),
        body: body.into(),
        link: link.map(Into::into),
        why: why.into(),
    })
}

fn counted() -> BoxedStrategy<Counted> {
    let kind = (select(&Channel::ALL[..]), select(&Standing::ALL[..]));
    (option::of(text()), kind, option::of(text()), any::<u16>(), any::<bool>())
        .prop_map(|(zone, (channel, standing), category, cost, favourite)| Counted {
            zone,
            channel,
            category,
            standing,
            cost,
            favourite,
        })
        .boxed()
}

fn decision() -> BoxedStrategy<Decision> {
    let what = (digest(), device(), offer(), merchant(), fence(), text(), digest());
    let why = (select(&TransitionKind::ALL[..]), at(), text(), texts(), until(), texts());
    let said = option::of((at(), words()).prop_map(|(expires_at, words)| Said { expires_at, words }));
    let after = (vec((text(), text()), 0..3), option::of(counted()), option::of(tolerance()), said);
    (what, why, after)
        .prop_map(|(what, why, after)| {
            let (id, device, offer, merchant, fence, store, visit) = what;
            let (trigger, triggered_at, verdict, failed, next_possible_at, purposes) = why;
            let (facts, counted, tolerance, said) = after;
            Decision {
                id: NotificationId(id),
                device,
                offer,
                merchant,
                fence,
                store,
                visit: VisitId(visit),
                trigger,
                triggered_at,
                verdict,
                failed,
                next_possible_at,
                purposes,
                facts,
                counted,
                tolerance,
                said,
            }
        })
        .boxed()
}

fn silence() -> impl Strategy<Value = Silence> {
    let over = prop_oneof![
        Just(SilenceOver::All),
        merchant().prop_map(SilenceOver::Merchant),
        fence().prop_map(SilenceOver::Fence),
        offer().prop_map(SilenceOver::Offer),
    ];
    (over, at(), select(&SilenceReason::ALL[..])).prop_map(|(over, until, why)| Silence { over, until, why })
}

fn tolerance() -> BoxedStrategy<Tolerance> {
    let nudge = (option::of(any::<u32>()), any::<i64>(), at(), any::<u8>(), at(), until());
    (nudge, vec(silence(), 0..3), vec((offer(), any::<u8>()), 0..3))
        .prop_map(|(nudge, silences, told)| {
            let (limit_milli, nudge_milli, nudge_at, n_ignored, settled_to, halved_until) = nudge;
            Tolerance {
                limit_milli,
                nudge_milli,
                nudge_at,
                n_ignored,
                settled_to,
                halved_until,
                silences,
                told,
            }
        })
        .boxed()
}

fn profile() -> BoxedStrategy<Profile> {
    let place = || option::of(select(vec!["AT-9", "DE", "US-WA"]));
    let who = (option::of(text()), option::of(text()), any::<bool>(), place(), place());
    let likes = (vec(fence(), 0..3), texts(), vec((merchant(), text()), 0..3));
    let dial =
        (option::of(any::<u8>()), option::of(any::<(u16, u16)>()), vec(merchant(), 0..3), vec(fence(), 0..3));
    (who, likes, dial)
        .prop_map(|(who, likes, dial)| {
            let (lang, tz, minor, residence, phone_region) = who;
            let (favourites, categories, segments) = likes;
            let (per_week, quiet, muted_merchants, muted_fences) = dial;
            let place = |place: &str| Jurisdiction::new(place).unwrap();
            Profile {
                lang,
                tz,
                minor,
                residence: residence.map(place),
                phone_region: phone_region.map(place),
                favourites,
                categories,
                segments,
                dial: Dial { per_week, quiet, muted_merchants, muted_fences },
            }
        })
        .boxed()
}

fn what() -> BoxedStrategy<What> {
    let notification = || digest().prop_map(NotificationId);
    let delivery = (notification(), select(&DeliveryOutcome::ALL[..]), option::of(tolerance()));
    let feedback =
        (notification(), select(&FeedbackKind::ALL[..]), any::<bool>(), until(), option::of(tolerance()));
    prop_oneof![
        consent().prop_map(What::Consent),
        decision().prop_map(What::Decision),
        delivery.prop_map(|(notification, outcome, tolerance)| What::Delivery {
            notification,
            outcome,
            tolerance
        }),
        feedback.prop_map(|(notification, kind, is_fast, shown_at, tolerance)| What::Feedback {
            notification,
            kind,
            is_fast,
            shown_at,
            tolerance
        }),
        profile().prop_map(What::Profile),
        (merchant(), select(&Purpose::ALL[..]), at()).prop_map(|(merchant, purpose, until)| What::Reminder {
            merchant,
            purpose,
            until
        }),
    ]
    .boxed()
}

/// An entry of any kind.
pub(super) fn entry() -> BoxedStrategy<Entry> {
    (customer(), at(), what()).prop_map(|(customer, at, what)| Entry { customer, at, what }).boxed()
}

fn heard() -> BoxedStrategy<Heard> {
    let answers = (any::<u16>().prop_map(Answers::from_bits), until());
    (at(), offer(), merchant(), fence(), digest(), counted(), answers)
        .prop_map(|(at, offer, merchant, fence, visit, counted, (answers, shown_at))| {
            let Counted { zone, channel, category, standing, cost, favourite } = counted;
            Heard {
                at,
                offer,
                merchant,
                fence,
                visit: VisitId(visit),
                zone,
                channel,
                category,
                standing,
                cost,
                favourite,
                answers,
                shown_at,
            }
        })
        .boxed()
}

fn visit() -> BoxedStrategy<OpenVisit> {
    (device(), fence(), digest(), at(), at(), any::<(bool, bool)>())
        .prop_map(|(device, fence, visit, entered_at, last_at, (initial, dwelled))| OpenVisit {
            device,
            fence,
            visit: VisitId(visit),
            entered_at,
            last_at,
            initial,
            dwelled,
        })
        .boxed()
}

/// Consents that say something, in order, each of another purpose.
fn consents() -> BoxedStrategy<Vec<ConsentRow>> {
    let name = (text(), any::<u32>()).prop_map(|(id, version)| NoticeName { id, version });
    let one = (merchant(), state(), at(), option::of(name), any::<bool>());
    vec((one, select(&Purpose::ALL[..])), 0..4)
        .prop_map(|all| {
            let mut rows: Vec<ConsentRow> = all
                .into_iter()
                .map(|((merchant, state, restricted_at, notice, reminded), purpose)| ConsentRow {
                    merchant,
                    purpose,
                    state,
                    restricted_at: (state == ConsentState::Unknown || reminded).then_some(restricted_at),
                    notice,
                    reminded,
                })
                .collect();
            rows.sort_by(|a, b| (&a.merchant, a.purpose).cmp(&(&b.merchant, b.purpose)));
            rows
        })
        .boxed()
}

/// A state row of any kind.
pub(super) fn row() -> BoxedStrategy<StateRow> {
    let who = (customer(), any::<u32>(), consents(), until(), profile(), tolerance());
    let told = (vec(heard(), 0..3), vec((decision(), at(), words(), at()), 0..3), vec(visit(), 0..3));
    (who, told, any::<bool>())
        .prop_map(|(who, told, is_blank)| {
            let (customer, epoch, consents, consented_since, profile, tolerance) = who;
            let (heard, outbox, visits) = told;
            let sent = |(decision, expires_at, words, at): (Decision, Timestamp, Words, Timestamp)| {
                let said = Some(Said { expires_at, words });
                Decision { said, ..decision }.notification(&customer, at)
            };
            let outbox: Vec<Notification> = outbox.into_iter().filter_map(sent).collect();
            StateRow {
                epoch: Epoch(epoch),
                consents,
                consented_since,
                profile: if is_blank { Profile::default() } else { profile },
                tolerance: if is_blank { Tolerance::default() } else { tolerance },
                heard,
                outbox,
                visits,
                customer,
            }
        })
        .boxed()
}
