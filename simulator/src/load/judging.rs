//! After the run: works out again what everybody sent, asks the oracle what must have come of it,
//! and holds that against what was heard.

use std::collections::HashMap;

use consent_gate::{ConsentEvent, ConsentKind, Hearing};
use model::{NotificationId, Timestamp, VisitId};
use oracle::{
    Effect, Expected, Fence, Judgement, Observed, Offer, Oracle, Place, Rules, Tolerance, Verdict, What,
    Withdrawal,
};
use town::PersonNo;

use crate::load::clock::RunClock;
use crate::load::findings::{Findings, Misheard, Wrong};
use crate::load::letter::Written;
use crate::load::nearby::Nearby;
use crate::load::observer::{HeardAnswer, HeardOffer};
use crate::load::script::{Instant, Phones as _, Said, Script};
use crate::load::sender::SentConsent;
use crate::load::swap::Swap;
use crate::load::townsfolk::Townsfolk;
use crate::world::{World, rows};

/// All that is known of a run when it is over.
pub(crate) struct Evidence<'a> {
    pub(crate) script: &'a Script<Townsfolk<'a>>,
    pub(crate) clock: RunClock,
    pub(crate) rules: Rules,
    /// When the notice of the grants before the run was shown.
    pub(crate) granted_at: Timestamp,
    /// Of each connection, up to which message of the schedule it sent.
    pub(crate) k_ends: Vec<u64>,
    /// Connections that broke by themselves: nobody knows what they lost.
    pub(crate) lost_links: Vec<usize>,
    pub(crate) consents: HashMap<u32, Vec<SentConsent>>,
    pub(crate) offers: HashMap<u32, Vec<HeardOffer>>,
    pub(crate) answers: HashMap<String, HeardAnswer>,
    pub(crate) tolerance: Tolerance,
    pub(crate) swap: Option<Swap>,
    /// No message took longer than this from its due instant to the server's mind.
    pub(crate) lag_max_ms: i64,
}

/// Judges everybody, on two threads.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Findings {
    const N_THREADS: u32 = 2;
    let world = evidence.script.phones.world();
    let bench = Bench::of(world);
    let n = world.n_people();
    let mut findings = std::thread::scope(|scope| {
        let judges = (0..N_THREADS).map(|no| {
            let bench = &bench;
            scope.spawn(move || {
                let mut findings = Findings::default();
                let people = (no..n).step_by(N_THREADS as usize);
                let people = people.filter(|no| evidence.script.only.is_none_or(|only| only == *no));
                people.for_each(|customer| Case::of(evidence, bench, customer).judge(&mut findings));
                findings
            })
        });
        let mut all = Findings::default();
        for judge in judges.collect::<Vec<_>>() {
            all.add(judge.join().expect("a judge works to the end"));
        }
        all
    });
    findings.pair_strays();
    findings
}

/// What every case needs.
struct Bench {
    fences: Vec<Fence>,
    offers: Vec<Offer>,
    /// Of each fence the offers that are meant for it.
    offers_of: Vec<Vec<u32>>,
    nearby: Nearby,
}

impl Bench {
    fn of(world: &World) -> Self {
        let (fences, offers) = (world.oracle_fences(), world.oracle_offers());
        let mut offers_of = vec![Vec::new(); fences.len()];
        for (no, offer) in (0..).zip(&offers) {
            offer.fences.iter().for_each(|fence| offers_of[*fence as usize].push(no));
        }
        let nearby = Nearby::of(&fences);
        Self { fences, offers, offers_of, nearby }
    }

    /// An oracle that knows only these fences, by their place here.
    fn oracle(&self, fences: &[u32], rules: &Rules) -> Oracle {
        let offers = (0..).zip(&self.offers).map(|(no, offer)| Offer {
            fences: (0..)
                .zip(fences)
                .filter(|(_, fence)| self.offers_of[**fence as usize].contains(&no))
                .map(|(place, _)| place)
                .collect(),
            ..offer.clone()
        });
        let own = fences.iter().map(|fence| self.fences[*fence as usize].clone()).collect();
        Oracle::new(own, offers.collect(), rules.clone())
    }
}

/// One customer's run.
struct Case<'a> {
    evidence: &'a Evidence<'a>,
    bench: &'a Bench,
    customer: u32,
    steps: Vec<Step>,
    /// The fences that they met, ascending.
    fences: Vec<u32>,
}

/// Something that they sent.
struct Step {
    at: Instant,
    fixes: Vec<Written>,
    consents: Vec<SentConsent>,
}

/// An offer that must come, with what it is known by.
struct Due {
    expected: Expected,
    merchant: u32,
    due_ns: u64,
    id: u128,
}

impl<'a> Case<'a> {
    fn of(evidence: &'a Evidence<'a>, bench: &'a Bench, customer: u32) -> Self {
        let Evidence { script, clock, .. } = evidence;
        let k_end = evidence.k_ends[script.link_of(customer)];
        let mut phone = script.phones.phone(customer);
        let mut consents = evidence.consents.get(&customer).map_or(&[][..], Vec::as_slice);
        let mut said = Said::default();
        let mut steps = Vec::new();
        for k in script.schedule.messages_of(customer).take_while(|k| *k < k_end) {
            let (round, due_ns) = (script.schedule.round(k), script.schedule.due_ns(k));
            let at = Instant { round, due_ns, wall_ms: clock.wall_ms(due_ns) };
            said.fixes.clear();
            script.phones.says(&mut phone, at, &mut said);
            let n_here = consents.iter().take_while(|sent| sent.round == round).count();
            let (here, rest) = consents.split_at(n_here);
            consents = rest;
            steps.push(Step { at, fixes: said.fixes.clone(), consents: here.to_vec() });
        }
        let places: Vec<Place> =
            steps.iter().flat_map(|step| &step.fixes).map(|fix| fix.judged().at).collect();
        let fences = bench.nearby.around(&places);
        Self { evidence, bench, customer, steps, fences }
    }

    fn judge(self, findings: &mut Findings) {
        let is_lost = self.evidence.lost_links.contains(&self.evidence.script.link_of(self.customer));
        if is_lost || self.is_ambiguous() {
            findings.n_unjudged += 1;
            return;
        }
        let (dues, withdrawals) = self.ask(0, findings);
        let (dues_of_late, _) = self.ask(self.evidence.lag_max_ms, &mut Findings::default());
        if !dues.iter().map(|due| due.id).eq(dues_of_late.iter().map(|due| due.id)) {
            // A phone whose clock runs ahead is believed or not by the moment at which it is heard.
            findings.n_unjudged += 1;
            return;
        }
        let heard = self.evidence.offers.get(&self.customer).map_or(&[][..], Vec::as_slice);
        let n_merchants = self.evidence.script.phones.world().town.merchants().len() as u32;
        for merchant in 0..n_merchants {
            let expected: Vec<Expected> =
                dues.iter().filter(|due| due.merchant == merchant).map(|due| due.expected).collect();
            let own: Vec<Withdrawal> =
                withdrawals.iter().filter(|(of, _)| *of == merchant).map(|(_, span)| *span).collect();
            let observed: Vec<Observed> = heard
                .iter()
                .filter(|offer| self.merchant(offer.fence) == Some(merchant))
                .map(|offer| self.observed(offer, &own))
                .collect();
            findings.n_withdrawals += own.len() as u64;
            // A no to anybody drops what is on its way from everybody, and hides nothing after it.
            let others = withdrawals
                .iter()
                .filter(|(of, _)| *of != merchant)
                .map(|(_, span)| Withdrawal { agreed_again_at_ms: span.acknowledged_at_ms, ..*span });
            let all: Vec<Withdrawal> = own.iter().copied().chain(others).collect();
            for judgement in oracle::judge(&expected, &observed, &all, &self.evidence.tolerance) {
                self.note(&judgement, &own, &dues, findings);
            }
        }
        for stray in heard.iter().filter(|offer| self.merchant(offer.fence).is_none()) {
            let observed = Some(self.observed(stray, &[]));
            self.wrong(Verdict::Unexpected, Some(stray.id), None, observed, findings);
        }
    }

    /// Whether a yes was said before the no before it was acknowledged: which of them holds nobody knows.
    fn is_ambiguous(&self) -> bool {
        let all: Vec<&SentConsent> = self.steps.iter().flat_map(|step| &step.consents).collect();
        let is_no = |sent: &&&SentConsent| sent.event.kind.is_a_no();
        all.iter().filter(is_no).any(|no| {
            let Some(acked_ns) = no.acked_ns else { return true };
            let later = |yes: &&&SentConsent| no.due_ns < yes.due_ns && yes.due_ns <= acked_ns;
            all.iter().filter(later).any(|yes| !yes.event.kind.is_a_no())
        })
    }

    /// Tells the oracle everything in its order, and takes down what it says.
    ///
    /// The server handles each message at an instant between its due one and `lag_ms` later.
    fn ask(&self, lag_ms: i64, findings: &mut Findings) -> (Vec<Due>, Vec<(u32, Withdrawal)>) {
        let Evidence { script, rules, granted_at, .. } = self.evidence;
        let world = script.phones.world();
        let person = self.evidence.script.phones.world().oracle_person(PersonNo(self.customer));
        let mut oracle = self.bench.oracle(&self.fences, rules).with_people(vec![person]);
        let granted_ms = granted_at.unix_ms();
        for event in world.grants(PersonNo(self.customer), *granted_at) {
            self.tell(&mut oracle, &event, granted_ms);
        }
        oracle.stage(granted_ms);
        oracle.committed(granted_ms);
        let (mut dues, mut withdrawals) = (Vec::new(), Vec::new());
        for step in &self.steps {
            let now_ms = step.at.wall_ms + lag_ms;
            oracle.time(now_ms);
            if !step.fixes.is_empty() {
                let fixes: Vec<oracle::Fix> = step.fixes.iter().map(Written::judged).collect();
                self.message(&mut oracle, &fixes, now_ms);
            }
            oracle.stage(now_ms);
            oracle.committed(now_ms);
            for sent in &step.consents {
                let effect = self.tell(&mut oracle, &sent.event, now_ms);
                if lag_ms == 0 {
                    self.compare(sent, effect, findings);
                }
                oracle.stage(now_ms);
                oracle.committed(now_ms);
                if effect == Effect::Applied && sent.event.kind.is_a_no() {
                    withdrawals.push((self.merchant_of(&sent.event), self.span(sent)));
                }
            }
            for told in oracle.told() {
                self.hear(&told.what, step.at, &mut dues, findings);
            }
        }
        (dues, withdrawals)
    }

    /// In a batch every fix is a letter of its own; a message of one phone is one letter.
    fn message(&self, oracle: &mut Oracle, fixes: &[oracle::Fix], now_ms: i64) {
        if 1 < self.evidence.script.form.n_batch {
            fixes.iter().for_each(|fix| oracle.message(0, 0, std::slice::from_ref(fix), now_ms));
        } else {
            oracle.message(0, 0, fixes, now_ms);
        }
    }

    fn tell(&self, oracle: &mut Oracle, event: &ConsentEvent, now_ms: i64) -> Effect {
        let consent = rows::consent(event, Hearing::Live, false);
        oracle.consent(0, self.merchant_of(event), rows::purpose(event.purpose), &consent, now_ms)
    }

    /// What the server said of an event must be what the oracle says.
    fn compare(&self, sent: &SentConsent, effect: Effect, findings: &mut Findings) {
        let due = rows::effect_word(effect);
        let Some(answer) = self.evidence.answers.get(sent.event.id.as_str()) else { return };
        if answer.effect != due {
            let told = answer.effect.clone();
            findings.misheard.push(Misheard { customer: self.customer, due_ns: sent.due_ns, told, due });
        }
    }

    fn merchant_of(&self, event: &ConsentEvent) -> u32 {
        let merchants = self.evidence.script.phones.world().town.merchants();
        let found = merchants.iter().position(|merchant| merchant.id == event.merchant);
        found.expect("people speak to merchants of their town") as u32
    }

    fn span(&self, sent: &SentConsent) -> Withdrawal {
        let wall = |ns: u64| self.evidence.clock.wall_ms(ns);
        let said_at_ms = wall(sent.due_ns);
        let puback_ms = sent.acked_ns.map_or(i64::MAX, wall);
        // What the server took for this event it may have taken for the fix before it.
        let lag_ms = puback_ms.saturating_sub(said_at_ms);
        let same = |later: &&SentConsent| {
            sent.due_ns < later.due_ns
                && later.event.merchant == sent.event.merchant
                && later.event.purpose == sent.event.purpose
                && !later.event.kind.is_a_no()
        };
        let said_again = self.steps.iter().flat_map(|step| &step.consents).find(same);
        let said_again_ms = said_again.map_or(i64::MAX, |later| wall(later.due_ns));
        let over_ms = match sent.event.kind {
            ConsentKind::Pause { until: Some(until) } => until.unix_ms(),
            ConsentKind::Show
            | ConsentKind::Grant { .. }
            | ConsentKind::Confirm { .. }
            | ConsentKind::Refuse
            | ConsentKind::Withdraw
            | ConsentKind::Pause { until: None }
            | ConsentKind::Resume
            | ConsentKind::Supersede
            | ConsentKind::Block { .. }
            | ConsentKind::Unblock => i64::MAX,
        };
        Withdrawal {
            customer: self.customer,
            said_at_ms: said_at_ms.saturating_sub(lag_ms),
            acknowledged_at_ms: puback_ms,
            agreed_again_at_ms: said_again_ms.min(over_ms),
        }
    }

    fn hear(&self, what: &What, at: Instant, dues: &mut Vec<Due>, findings: &mut Findings) {
        match *what {
            What::Transition { kind, fence, .. } => {
                findings.n_transitions += 1;
                let n_enters = u64::from(kind == oracle::Kind::Enter);
                findings.by_fence.entry(self.fences[fence as usize]).or_default().0 += n_enters;
            }
            What::Offer { offer, fence, entered_at_ms } => {
                *findings.suppressions.entry("sent").or_default() += 1;
                dues.push(self.due(offer, self.fences[fence as usize], entered_at_ms, at));
            }
            What::Suppressed { reason, .. } => *findings.suppressions.entry(reason).or_default() += 1,
            What::Dropped { reason } | What::Refused { reason } => {
                *findings.outcomes.entry(reason).or_default() += 1;
            }
        }
    }

    fn due(&self, offer: u32, fence: u32, entered_at_ms: i64, at: Instant) -> Due {
        let world = self.evidence.script.phones.world();
        let person = PersonNo(self.customer);
        let entered_at = Timestamp::from_unix_ms(entered_at_ms);
        let facts = &world.fences()[fence as usize].facts;
        let visit = VisitId::of(world.customer(person), world.device(person), &facts.id, entered_at);
        let id = NotificationId::of(visit, &world.offers()[offer as usize].id);
        let id = u128::from_str_radix(&id.0.to_string(), 16).expect("a digest is hexadecimal");
        let merchant = self.bench.fences[fence as usize].merchant.unwrap_or(u32::MAX);
        let expected = Expected { at_ms: at.wall_ms, customer: self.customer, fence, offer, id: Some(id) };
        Due { expected, merchant, due_ns: at.due_ns, id }
    }

    fn merchant(&self, fence: Option<u32>) -> Option<u32> {
        self.bench.fences.get(fence? as usize)?.merchant
    }

    /// When an offer was given: when it was read, unless it may have lain there since before a
    /// withdrawal was acknowledged.
    ///
    /// What was read behind the answer to the withdrawal was written behind it.
    fn given_ms(&self, offer: &HeardOffer, own: &[Withdrawal]) -> i64 {
        let wall = |ns: u64| self.evidence.clock.wall_ms(ns);
        let is_no = |sent: &&SentConsent| sent.event.kind.is_a_no();
        let nos = self.steps.iter().flat_map(|step| &step.consents).filter(is_no);
        let mut answers = nos.filter_map(|no| self.evidence.answers.get(no.event.id.as_str()));
        if answers.any(|answer| answer.n_offers_before <= offer.place) {
            return wall(offer.read_ns);
        }
        let (lay_from, read) = (wall(offer.written_after_ns), wall(offer.read_ns));
        let may_have_lain =
            |span: &Withdrawal| lay_from <= span.acknowledged_at_ms && span.acknowledged_at_ms < read;
        let earliest = own.iter().filter(|span| may_have_lain(span)).map(|span| span.acknowledged_at_ms);
        earliest.min().unwrap_or(read)
    }

    fn observed(&self, offer: &HeardOffer, own: &[Withdrawal]) -> Observed {
        let at_ms = self.given_ms(offer, own);
        let no = offer.offer.unwrap_or(u32::MAX);
        let offer_no = self.evidence.swap.map_or(no, |swap| swap.before(no).0);
        Observed {
            at_ms,
            customer: self.customer,
            heard_by: self.customer,
            fence: offer.fence.unwrap_or(u32::MAX),
            offer: offer_no,
            id: offer.id,
        }
    }

    /// Whether an offer's name is one that held when it was due.
    fn is_well_named(&self, due: &Due, heard: &HeardOffer) -> bool {
        let Evidence { swap, lag_max_ms, .. } = self.evidence;
        let lag_ns = u64::try_from(*lag_max_ms).unwrap_or(0).saturating_mul(1_000_000);
        swap.zip(heard.offer)
            .is_none_or(|(swap, no)| swap.allows(swap.before(no).1, due.due_ns, heard.read_ns, lag_ns))
    }

    fn note(&self, judgement: &Judgement, own: &[Withdrawal], dues: &[Due], findings: &mut Findings) {
        let Judgement { mut verdict, expected, observed } = *judgement;
        let due = expected.and_then(|expected| dues.iter().find(|due| due.expected == expected));
        let heard = self.evidence.offers.get(&self.customer);
        let heard = observed.and_then(|observed| heard?.iter().find(|offer| offer.id == observed.id));
        if let (Some(due), Some(heard)) = (due, heard)
            && !verdict.is_violation()
            && !self.is_well_named(due, heard)
        {
            verdict = Verdict::Unexpected;
        }
        if let (Some(due), Some(heard)) = (due, heard)
            && verdict == Verdict::Correct
        {
            let took_us = heard.read_ns.saturating_sub(due.due_ns) / 1_000;
            findings.fix_to_offer.record_us(took_us);
            findings.by_second.entry(heard.read_ns / 1_000_000_000).or_default().push(took_us);
            findings.by_fence.entry(due.expected.fence).or_default().1 += 1;
        }
        if let Some(heard) = heard
            && !verdict.is_violation()
        {
            let read_ms = self.evidence.clock.wall_ms(heard.read_ns);
            let is_behind =
                |span: &Withdrawal| span.acknowledged_at_ms < read_ms && read_ms < span.agreed_again_at_ms;
            findings.n_crossed += u64::from(own.iter().any(is_behind));
        }
        if verdict.is_violation() {
            let id = observed.map(|observed| observed.id).or(due.map(|due| due.id));
            self.wrong(verdict, id, expected, observed, findings);
        } else {
            *findings.by_verdict.entry(verdict).or_default() += 1;
        }
    }

    fn wrong(
        &self,
        verdict: Verdict,
        id: Option<u128>,
        expected: Option<Expected>,
        observed: Option<Observed>,
        findings: &mut Findings,
    ) {
        *findings.by_verdict.entry(verdict).or_default() += 1;
        findings.wrong.push(Wrong { customer: self.customer, verdict, id, expected, observed });
    }
}
