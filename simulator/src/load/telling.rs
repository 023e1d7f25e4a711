//! From what a run came to, its report.

use oracle::Verdict;
use spatial_index::Shape;
use town::PersonNo;

use crate::load::findings::{Findings, Misheard, Wrong};
use crate::load::run::{Plan, Ran};
use crate::report::{
    Counts, Ended, Figure, Gates, Generator, LATE_SHARE_MAX, Latency, MapFence, Report, Run, Verdicts,
};
use crate::violation::Violation;
use crate::world::World;

/// Fills a report in and closes it.
pub(crate) fn report(plan: &Plan, world: &World, begun: Run, ran: &Ran, gates: &Gates) -> Report {
    let mut report = Report::new(begun);
    report.run.took_s = ran.took.as_secs_f64();
    report.run.ended = ended(ran);
    facts(plan, world, ran, &mut report);
    report.generator = generator(plan, ran);
    report.judged.needed = plan.needed;
    report.judged.counts = counts(&ran.findings);
    report.judged.verdicts = verdicts(&ran.findings);
    let words = |(word, n): (&&str, &u64)| ((*word).to_owned(), *n);
    report.judged.outcomes = ran.findings.outcomes.iter().map(words).collect();
    report.judged.suppressions = ran.findings.suppressions.iter().map(words).collect();
    latencies(ran, &mut report);
    seconds(ran, &mut report);
    figures(ran, &mut report);
    for wrong in &ran.findings.wrong {
        report.violations.note(violation(plan, world, ran, wrong));
    }
    for misheard in &ran.findings.misheard {
        report.violations.note(wrong_effect(plan, world, misheard));
    }
    doubts(ran, &mut report);
    report.map = map(world, &ran.findings);
    report.close(gates);
    report
}

fn ended(ran: &Ran) -> Ended {
    let gave_up = ran.accounts.iter().find_map(|account| account.gave_up.clone());
    let deaf = ran.heard.first().and_then(|heard| heard.lost.clone());
    match gave_up.or(deaf.map(|why| format!("the observer lost its connection: {why}"))) {
        Some(why) => Ended::Stopped(why),
        None if ran.interrupted => Ended::Interrupted,
        None => Ended::Complete,
    }
}

fn facts(plan: &Plan, world: &World, ran: &Ran, report: &mut Report) {
    let facts = &mut report.run.plan;
    facts.note("customers", world.n_people());
    facts.note("fences", world.fences().len());
    facts.note("merchants", world.town.merchants().len());
    facts.note("rate_per_s", plan.pace.rate);
    facts.note("ramp_s", plan.pace.ramp_s);
    facts.note("hold_s", plan.pace.hold_s);
    facts.note("connections", plan.lines.n_links);
    facts.note("fixes_a_message", plan.form.n_batch);
    facts.note("qos", plan.form.qos.word());
    facts.note("window", plan.lines.n_window);
    facts.note("changes_of_mind_per_mille", plan.wishes_per_mille);
    facts.note("late_after_ms", crate::load::sender::LATE_NS / 1_000_000);
    facts.note("crossing_ms", plan.grace.as_millis() as u64);
    facts.note("met_before", ran.granted.met_before);
    if let Some(only) = &plan.only {
        facts.note("only", only.as_str());
    }
    for note in &ran.notes {
        facts.note("note", note.as_str());
    }
}

fn generator(plan: &Plan, ran: &Ran) -> Generator {
    let sum = |of: fn(&crate::load::sender::Account) -> u64| ran.accounts.iter().map(of).sum::<u64>();
    // Whole seconds within the hold.
    let (from, to) = (plan.pace.ramp_s.ceil() as usize, (plan.pace.ramp_s + plan.pace.hold_s) as usize);
    let held = ran.seconds.get(from..to.min(ran.seconds.len())).unwrap_or(&[]);
    let n_held: u64 = held.iter().map(|second| second.sent).sum();
    Generator {
        cpu_s: ran.cpu_s,
        sent: sum(|account| account.n_messages),
        acked: sum(|account| account.puback.n() + account.consent_ack.n()),
        fixes: sum(|account| account.n_fixes),
        late: sum(|account| account.n_late),
        lag_max_ms: ran.accounts.iter().map(|account| account.lag_max_ns).max().unwrap_or(0) as f64 / 1e6,
        rate_per_s: if held.is_empty() { 0.0 } else { n_held as f64 / held.len() as f64 },
    }
}

/// More offers than one in so many that nobody can judge, and the run proves too little.
const EXCUSED_ONE_IN: u64 = 2;

fn counts(findings: &Findings) -> Counts {
    // What is excused was not judged.
    let judged = findings.by_verdict.iter().filter(|(verdict, _)| **verdict != Verdict::Excused);
    let n_offers = judged.map(|(_, n)| n).sum();
    Counts { transitions: findings.n_transitions, offers: n_offers, withdrawals: findings.n_withdrawals }
}

fn verdicts(findings: &Findings) -> Verdicts {
    let n = |verdict: Verdict| findings.by_verdict.get(&verdict).copied().unwrap_or(0);
    Verdicts {
        correct: n(Verdict::Correct),
        duplicate: n(Verdict::Duplicate),
        missing: n(Verdict::Missing),
        late: n(Verdict::Late),
        leaked: n(Verdict::Leaked),
        wrong_customer: n(Verdict::WrongCustomer),
        unexpected: n(Verdict::Unexpected),
    }
}

fn latencies(ran: &Ran, report: &mut Report) {
    report.latencies.fix_to_offer = ran.findings.fix_to_offer.clone();
    for account in &ran.accounts {
        report.latencies.consent_ack.add(&account.consent_ack);
        report.latencies.puback.add(&account.puback);
    }
}

/// The rows, with what judging knows better than whoever watched.
fn seconds(ran: &Ran, report: &mut Report) {
    report.seconds.clone_from(&ran.seconds);
    for row in &mut report.seconds {
        row.p99_ms = None;
        if let Some(all) = ran.findings.by_second.get(&(row.at_s as u64).saturating_sub(1)) {
            let mut latency = Latency::default();
            all.iter().for_each(|us| latency.record_us(*us));
            (row.p50_ms, row.p99_ms) = (latency.quantile_ms(0.5), latency.quantile_ms(0.99));
        }
    }
}

fn figures(ran: &Ran, report: &mut Report) {
    let sum = |of: fn(&crate::load::sender::Account) -> u64| ran.accounts.iter().map(of).sum::<u64>() as f64;
    let excused = ran.findings.by_verdict.get(&Verdict::Excused).copied().unwrap_or(0);
    let setup_s = ran.granted.took.as_secs_f64();
    let mut note = |name: &str, value: f64, unit: &str, means: &str| {
        let (name, unit, means) = (name.to_owned(), unit.to_owned(), means.to_owned());
        report.figures.push(Figure { name, value, unit, means });
    };
    note(
        "consent before the run",
        ran.granted.n_events as f64 / setup_s.max(1e-9),
        "events/s",
        "How fast consent events became durable, one after the other on each connection.",
    );
    note(
        "crossed",
        ran.findings.n_crossed as f64,
        "offers",
        "Read behind the acknowledgement of a withdrawal within the grace: written before it.",
    );
    note(
        "excused",
        excused as f64,
        "offers",
        "Due or given while a withdrawal was on its way: nobody outside can know which came first.",
    );
    note(
        "held back",
        sum(|account| account.n_held_back),
        "messages",
        "Sent while the server had not taken all that was sent before: its own pace, not the generator's.",
    );
    note(
        "hostile",
        sum(|account| account.n_hostile),
        "messages",
        "Bad messages between the others, row by row of the list of faults.",
    );
    note(
        "repeated",
        sum(|account| account.n_repeated),
        "messages",
        "Sent again after a reconnection because nobody had acknowledged them.",
    );
    note(
        "unjudged",
        ran.findings.n_unjudged as f64,
        "customers",
        "Nobody can know what the server got of them: their connection broke, or a yes overtook a no.",
    );
}

/// Reasons for which the run proves nothing that the report cannot see by itself.
fn doubts(ran: &Ran, report: &mut Report) {
    report.verdict.invalid.extend(ran.failed.clone());
    let all = || ran.accounts.iter().flat_map(|account| &account.consents);
    let n_unanswered = all().filter(|sent| sent.acked_ns.is_none()).count();
    if 0 < n_unanswered {
        report.verdict.invalid.push(format!("{n_unanswered} consent events were never acknowledged"));
    }
    let n_stalled: u64 = ran.accounts.iter().map(|account| account.n_stalled).sum();
    let n_sent: u64 = ran.accounts.iter().map(|account| account.n_messages).sum();
    if LATE_SHARE_MAX < n_stalled as f64 / n_sent.max(1) as f64 {
        report.verdict.invalid.push(format!(
            "the server took less than was offered: {n_stalled} messages left late because its connections were full"
        ));
    }
    let n_unreadable: u64 = ran.heard.iter().map(|heard| heard.n_unreadable).sum();
    if 0 < n_unreadable {
        report.verdict.invalid.push(format!("{n_unreadable} messages of the server could not be read"));
    }
    let n_excused = ran.findings.by_verdict.get(&Verdict::Excused).copied().unwrap_or(0);
    if report.judged.counts.offers < n_excused * EXCUSED_ONE_IN {
        report.verdict.invalid.push(format!(
            "{n_excused} offers fell into withdrawals, more than one in {EXCUSED_ONE_IN} of those that were judged"
        ));
    }
    let sent = ran.findings.by_verdict.get(&Verdict::Missing).copied().unwrap_or(0);
    let heard = ran.heard.first().map_or(0, |heard| heard.offers.len());
    if heard == 0 && 0 < sent {
        report.verdict.invalid.push(
            "not one offer came: does the server have the fences and offers of this town? See simulator lay"
                .to_owned(),
        );
    }
}

fn violation(plan: &Plan, world: &World, ran: &Ran, wrong: &Wrong) -> Violation {
    let customer = world.customer(PersonNo(wrong.customer)).as_str();
    let offer = wrong.expected.map(|due| (due.offer, due.fence, due.at_ms));
    let offer = offer.or(wrong.observed.map(|seen| (seen.offer, seen.fence, seen.at_ms)));
    let (offer, fence, at_ms) = offer.unwrap_or((u32::MAX, u32::MAX, 0));
    let offer =
        world.offers().get(offer as usize).map_or("an offer that is none of ours", |of| of.id.as_str());
    let fence = world.fences().get(fence as usize).map_or("a fence of nobody", |of| of.facts.id.as_str());
    let began_ms = ran.clock.wall_ms(0);
    let at_s = (at_ms - began_ms) as f64 / 1e3;
    let what = match wrong.verdict {
        Verdict::Missing => "was due and never came",
        Verdict::Duplicate => "came twice",
        Verdict::Late => "came after it had expired",
        Verdict::Leaked => "came behind the acknowledgement of a withdrawal",
        Verdict::WrongCustomer => "was somebody else's",
        Verdict::Unexpected if wrong.expected.is_some() => "came by a name that did not hold then",
        Verdict::Unexpected => "came and was not due",
        Verdict::Correct | Verdict::Excused => "was right",
    };
    let sentence = format!("{offer} at {fence} for {customer}, {at_s:.3} s into the run, {what}");
    let seen_ms = wrong.observed.map_or(at_ms, |seen| seen.at_ms);
    // A visit shows in the two messages before it, and an offer in what follows it.
    let between_ms = (2_000.0 * f64::from(world.n_people()) / plan.pace.rate.max(1.0)) as i64;
    let range = (at_ms - began_ms - between_ms, seen_ms.max(at_ms) - began_ms);
    Violation {
        name: wrong.verdict.word().to_owned(),
        sentence,
        seed: plan.world.seed,
        customer: Some(customer.to_owned()),
        range,
        replay: Run::command_only(customer),
    }
}

fn wrong_effect(plan: &Plan, world: &World, misheard: &Misheard) -> Violation {
    let customer = world.customer(PersonNo(misheard.customer)).as_str();
    let at_ms = (misheard.due_ns / 1_000_000) as i64;
    let at_s = at_ms as f64 / 1e3;
    Violation {
        name: "consent_effect".to_owned(),
        sentence: format!(
            "what {customer} said about consent {at_s:.3} s into the run became {}, and must become {}",
            misheard.told, misheard.due
        ),
        seed: plan.world.seed,
        customer: Some(customer.to_owned()),
        range: (at_ms, at_ms),
        replay: Run::command_only(customer),
    }
}

fn map(world: &World, findings: &Findings) -> Vec<MapFence> {
    let fences = (0..).zip(world.fences());
    fences
        .map(|(no, fence)| {
            let (enters, offers) = findings.by_fence.get(&no).copied().unwrap_or_default();
            let (centre, rings) = drawn(&fence.shape);
            let name = fence.facts.id.as_str().to_owned();
            let radius_m = fence.facts.radius.0;
            MapFence { name, centre, radius_m, rings, enters, offers, ..MapFence::default() }
        })
        .collect()
}

type Rings = Vec<Vec<(f64, f64)>>;

fn drawn(shape: &Shape) -> ((f64, f64), Rings) {
    match shape {
        Shape::Circle { center, .. } => ((center.lat(), center.lng()), Vec::new()),
        Shape::Polygons(polygons) => {
            let ring = |corners: Vec<[f64; 2]>| corners.into_iter().map(|[lng, lat]| (lat, lng)).collect();
            let rings: Rings = polygons.iter().flat_map(spatial_index::Polygon::rings).map(ring).collect();
            (rings.first().and_then(|ring| ring.first()).copied().unwrap_or_default(), rings)
        }
    }
}
