//! A thread of the generator: writes what is due into its connections, in large pieces.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use consent_gate::ConsentEvent;

use crate::load::clock::{RunClock, own_cpu_ns};
use crate::load::letter::{write_fixes, write_record};
use crate::load::link::{Link, Tag};
use crate::load::packet;
use crate::load::script::{Instant, Phones, Said, Script};
use crate::report::Latency;

/// A send later than this counts as late.
pub(crate) const LATE_NS: u64 = 5_000_000;
/// What is due within this is sent in one piece.
const TICK: Duration = Duration::from_millis(1);
/// Messages between two looks at what came back.
const MESSAGES_A_TICK_MAX: usize = 4_096;
/// A batch that does not fill goes out all the same.
const BATCH_WAITS_NS: u64 = 50_000_000;
/// A server that takes nothing for so long at the end is given up.
const STANDSTILL_NS: u64 = 20_000_000_000;
/// The tag of messages that are no consent.
const FIXES: u32 = u32::MAX;

/// Counted while it runs, for whoever watches.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    /// When each customer's last message was due, in microseconds of the run.
    pub(crate) last_due_us: Vec<AtomicU64>,
    pub(crate) n_sent: AtomicU64,
    pub(crate) n_acked: AtomicU64,
    pub(crate) n_connected: AtomicU64,
    /// Somebody wants it to end.
    pub(crate) stop: AtomicBool,
}

impl Gauges {
    pub(crate) fn of(n_customers: usize, n_connected: u64) -> Self {
        let last_due_us = (0..n_customers).map(|_| AtomicU64::new(0)).collect();
        Self { last_due_us, n_connected: AtomicU64::new(n_connected), ..Self::default() }
    }
}

/// A consent event as it was really sent.
#[derive(Clone, Debug)]
pub(crate) struct SentConsent {
    pub(crate) customer: u32,
    /// Behind which of their messages.
    pub(crate) round: u64,
    pub(crate) event: ConsentEvent,
    pub(crate) due_ns: u64,
    /// When its PUBACK came.
    pub(crate) acked_ns: Option<u64>,
}

/// What one thread did.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Messages of the schedule that were worked through: those before this one were sent.
    pub(crate) k_end: u64,
    pub(crate) n_messages: u64,
    pub(crate) n_fixes: u64,
    /// Bad messages among them.
    pub(crate) n_hostile: u64,
    pub(crate) n_late: u64,
    pub(crate) lag_max_ns: u64,
    /// Messages that were late because the other end took nothing more.
    pub(crate) n_stalled: u64,
    /// Messages that the other end did not take at once.
    pub(crate) n_held_back: u64,
    pub(crate) cpu_ns: u64,
    pub(crate) puback: Latency,
    pub(crate) consent_ack: Latency,
    pub(crate) consents: Vec<SentConsent>,
    /// Connections that were lost without being asked to, with the instant: what was under way
    /// then may be lost, too.
    pub(crate) lost: Vec<(usize, u64)>,
    pub(crate) n_reconnects: u64,
    pub(crate) n_repeated: u64,
    /// Why it gave up, if it did.
    pub(crate) gave_up: Option<String>,
}

/// The thread's work.
pub(crate) struct Sender<'a, P: Phones> {
    script: &'a Script<P>,
    clock: RunClock,
    gauges: &'a Gauges,
    /// When all connections break and come back.
    storms_ns: Vec<u64>,
    /// Those of the run's connections that are this thread's, by number.
    links: Vec<(usize, Link)>,
    n_threads: usize,
    no: usize,
    phones: Vec<Option<P::Phone>>,
    batches: Vec<Batch>,
    account: Account,
    /// Intended times of what this tick sends.
    dues_ns: Vec<u64>,
    said: Said,
    /// A connection had no room, and what is late is late for that.
    is_stalled: bool,
    /// When the other end last took or answered something, at the end.
    moved_ns: u64,
}

#[derive(Default)]
struct Batch {
    lines: Vec<u8>,
    n: usize,
    first_due_ns: u64,
    last_due_ns: u64,
}

impl<'a, P: Phones> Sender<'a, P> {
    /// A thread of `n_threads`, with its share of the connections: every `n_threads`th.
    pub(crate) fn new(
        script: &'a Script<P>,
        links: Vec<Link>,
        (no, n_threads): (usize, usize),
        clock: RunClock,
        gauges: &'a Gauges,
    ) -> Self {
        let n_customers = u32::try_from(script.schedule.n_customers()).expect("customers are few");
        let is_ours = |customer: &u32| script.link_of(*customer) % n_threads == no;
        let phones =
            (0..n_customers).map(|customer| is_ours(&customer).then(|| script.phones.phone(customer)));
        let batches = links.iter().map(|_| Batch::default()).collect();
        let links: Vec<_> =
            links.into_iter().enumerate().map(|(i, link)| (no + i * n_threads, link)).collect();
        Self {
            script,
            clock,
            gauges,
            storms_ns: Vec::new(),
            phones: phones.collect(),
            batches,
            links,
            n_threads,
            no,
            account: Account::default(),
            dues_ns: Vec::with_capacity(MESSAGES_A_TICK_MAX),
            said: Said::default(),
            is_stalled: false,
            moved_ns: 0,
        }
    }

    /// The same with instants at which all its connections break.
    pub(crate) fn with_storms(self, mut storms_ns: Vec<u64>) -> Self {
        storms_ns.sort_unstable_by(|a, b| b.cmp(a));
        Self { storms_ns, ..self }
    }

    /// Sends everything, waits for the answers, and takes leave.
    pub(crate) fn run(mut self) -> Account {
        let cpu_before = own_cpu_ns();
        while self.account.k_end < self.script.schedule.n_messages()
            && self.account.gave_up.is_none()
            && !self.gauges.stop.load(Ordering::Relaxed)
        {
            self.tick();
        }
        (0..self.links.len()).for_each(|place| self.send_batch(place));
        let cpu = own_cpu_ns().zip(cpu_before).map_or(0, |(after, before)| after - before);
        self.account.cpu_ns = cpu;
        self.settle();
        self.account
    }

    fn tick(&mut self) {
        let began_ns = self.clock.now_ns();
        if self.storms_ns.last().is_some_and(|at_ns| *at_ns <= began_ns) {
            self.storms_ns.pop();
            self.storm();
        }
        let until_ns = self.clock.now_ns();
        while self.account.k_end < self.script.schedule.n_messages()
            && self.dues_ns.len() < MESSAGES_A_TICK_MAX
        {
            let due_ns = self.script.schedule.due_ns(self.account.k_end);
            if until_ns < due_ns || !self.send(self.account.k_end, due_ns) {
                break;
            }
            self.account.k_end += 1;
        }
        self.send_old_batches(until_ns);
        self.flush();
        self.read();
        self.count();
        let elapsed = Duration::from_nanos(self.clock.now_ns().saturating_sub(began_ns));
        let next_due_ns = self.script.schedule.due_ns(self.account.k_end);
        if self.clock.now_ns() < next_due_ns && elapsed < TICK {
            std::thread::sleep(TICK - elapsed);
        }
    }

    /// Writes message `k` if it is ours; false when its connection has no room.
    fn send(&mut self, k: u64, due_ns: u64) -> bool {
        let customer = self.script.schedule.customer(k);
        let link_no = self.script.link_of(customer);
        if link_no % self.n_threads != self.no {
            return true;
        }
        let place = link_no / self.n_threads;
        if !self.links[place].1.has_room() {
            self.is_stalled = true;
            return false;
        }
        if self.script.only.is_some_and(|only| only != customer) {
            return true;
        }
        let round = self.script.schedule.round(k);
        let at = Instant { round, due_ns, wall_ms: self.clock.wall_ms(due_ns) };
        let phone = self.phones[customer as usize].as_mut().expect("phones of our links are ours");
        self.said.fixes.clear();
        self.script.phones.says(phone, at, &mut self.said);
        if !self.said.fixes.is_empty() {
            self.write(place, customer, due_ns);
        }
        for wish in self.script.changes.of(customer, round) {
            self.send_batch(place);
            let (topic, events) = self.script.phones.consents(customer, wish, at);
            let topic = packet::topic_field(&topic);
            events.into_iter().for_each(|event| self.consent(place, (customer, at), &topic, event));
        }
        if let Some((topic, payload)) = self.script.phones.hostile(customer, k, at) {
            self.send_batch(place);
            self.hostile(place, &topic, &payload, due_ns);
        }
        if let Some(last) = self.gauges.last_due_us.get(customer as usize) {
            last.store(due_ns / 1_000, Ordering::Relaxed);
        }
        true
    }

    fn write(&mut self, place: usize, customer: u32, due_ns: u64) {
        self.account.n_fixes += self.said.fixes.len() as u64;
        let names = self.script.names.field(customer);
        if 1 < self.script.form.n_batch {
            let batch = &mut self.batches[place];
            if batch.n == 0 {
                batch.first_due_ns = due_ns;
            }
            batch.last_due_ns = due_ns;
            batch.n += self.said.fixes.len();
            self.said.fixes.iter().for_each(|fix| write_record(&mut batch.lines, names, fix));
            if self.script.form.n_batch <= batch.n {
                self.send_batch(place);
            }
            return;
        }
        let (no, link) = &mut self.links[place];
        if self.script.form.qos.is_one(*no) {
            let fixes = &self.said.fixes;
            link.publish(names, Tag { no: FIXES, due_ns }, |out| write_fixes(out, fixes));
        } else {
            let out = link.buffer();
            let start = packet::begin_publish(out, names, None);
            write_fixes(out, &self.said.fixes);
            packet::end(out, start);
        }
        self.dues_ns.push(due_ns);
    }

    fn send_batch(&mut self, place: usize) {
        let batch = &mut self.batches[place];
        if batch.n == 0 {
            return;
        }
        let (no, link) = &mut self.links[place];
        let (topic, lines, due_ns) = (&self.script.batch_topic, &batch.lines, batch.last_due_ns);
        if self.script.form.qos.is_one(*no) {
            link.publish(topic, Tag { no: FIXES, due_ns }, |out| out.extend_from_slice(lines));
        } else {
            let out = link.buffer();
            let start = packet::begin_publish(out, topic, None);
            out.extend_from_slice(lines);
            packet::end(out, start);
        }
        batch.lines.clear();
        batch.n = 0;
        self.dues_ns.push(due_ns);
    }

    fn send_old_batches(&mut self, now_ns: u64) {
        for place in 0..self.batches.len() {
            let is_old = self.batches[place].first_due_ns + BATCH_WAITS_NS <= now_ns;
            if is_old && 0 < self.batches[place].n {
                // It was meant to wait for as long as this.
                self.batches[place].last_due_ns = now_ns;
                self.send_batch(place);
            }
        }
    }

    fn consent(&mut self, place: usize, (customer, at): (u32, Instant), topic: &[u8], event: ConsentEvent) {
        let due_ns = at.due_ns;
        let no = u32::try_from(self.account.consents.len()).expect("consent events of a run are few");
        let payload = wire::encode_consent(&event);
        let link = &mut self.links[place].1;
        link.publish(topic, Tag { no, due_ns }, |out| out.extend_from_slice(&payload));
        let sent = SentConsent { customer, round: at.round, event, due_ns, acked_ns: None };
        self.account.consents.push(sent);
        self.dues_ns.push(due_ns);
    }

    fn hostile(&mut self, place: usize, topic: &str, payload: &[u8], due_ns: u64) {
        let (no, link) = &mut self.links[place];
        if self.script.form.qos.is_one(*no) {
            let topic = packet::topic_field(topic);
            link.publish(&topic, Tag { no: FIXES, due_ns }, |out| out.extend_from_slice(payload));
        } else {
            packet::publish_whole(link.buffer(), topic, None, payload);
        }
        self.account.n_hostile += 1;
        self.dues_ns.push(due_ns);
    }

    fn flush(&mut self) {
        for place in 0..self.links.len() {
            if self.links[place].1.flush().is_err() {
                self.mend(place);
            }
        }
    }

    fn read(&mut self) {
        for place in 0..self.links.len() {
            let (account, clock, gauges) = (&mut self.account, &self.clock, self.gauges);
            let read = self.links[place].1.read(|tag| account.answered(tag, clock.now_ns(), gauges));
            if read.is_err() {
                self.mend(place);
            }
        }
    }

    /// Makes a connection anew that broke by itself.
    fn mend(&mut self, place: usize) {
        self.account.lost.push((self.links[place].0, self.clock.now_ns()));
        self.reconnect(place, true);
    }

    fn storm(&mut self) {
        for place in 0..self.links.len() {
            // Without acknowledgements nobody would know what was lost.
            let abruptly = self.script.form.qos.is_one(self.links[place].0);
            self.reconnect(place, abruptly);
        }
    }

    fn reconnect(&mut self, place: usize, abruptly: bool) {
        self.gauges.n_connected.fetch_sub(1, Ordering::Relaxed);
        let (account, clock, gauges) = (&mut self.account, &self.clock, self.gauges);
        let made =
            self.links[place].1.reconnect(abruptly, |tag| account.answered(tag, clock.now_ns(), gauges));
        // One that could not be made again ends the run, and is taken off with the others.
        self.gauges.n_connected.fetch_add(1, Ordering::Relaxed);
        if let Err(why) = made {
            self.account.gave_up = Some(why);
        }
    }

    /// Counts what this tick sent, and how late.
    fn count(&mut self) {
        let now_ns = self.clock.now_ns();
        let n = self.dues_ns.len() as u64;
        if let Some(first_ns) = self.dues_ns.iter().min() {
            self.account.lag_max_ns = self.account.lag_max_ns.max(now_ns.saturating_sub(*first_ns));
        }
        let is_late = |due_ns: &&u64| **due_ns + LATE_NS < now_ns;
        let n_late = self.dues_ns.iter().filter(is_late).count() as u64;
        if self.is_stalled {
            self.account.n_stalled += n_late;
            // Until it has caught up it is late for the same reason.
            self.is_stalled = 0 < n_late || n == 0;
        } else {
            self.account.n_late += n_late;
        }
        if self.links.iter().any(|(_, link)| 0 < link.n_waiting_bytes()) {
            self.account.n_held_back += n;
        }
        self.account.n_messages += n;
        self.gauges.n_sent.fetch_add(n, Ordering::Relaxed);
        self.dues_ns.clear();
    }

    /// Whether the other end took or answered anything; breaks that come now are for the end.
    fn is_moving(&mut self) -> bool {
        let before: usize =
            self.links.iter().map(|(_, link)| link.n_waiting_bytes() + link.n_unanswered()).sum();
        let (account, clock, gauges) = (&mut self.account, &self.clock, self.gauges);
        for (_, link) in &mut self.links {
            let _ = link.flush();
            let _ = link.read(|tag| account.answered(tag, clock.now_ns(), gauges));
        }
        let after: usize =
            self.links.iter().map(|(_, link)| link.n_waiting_bytes() + link.n_unanswered()).sum();
        if after != before {
            self.moved_ns = self.clock.now_ns();
        }
        self.clock.now_ns() < self.moved_ns + STANDSTILL_NS
    }

    /// Waits for what is on its way, and takes leave.
    fn settle(&mut self) {
        self.moved_ns = self.clock.now_ns();
        self.count();
        // All together, or the last would wait for the first.
        while self.links.iter().any(|(_, link)| !link.is_settled()) && self.is_moving() {
            std::thread::sleep(TICK);
        }
        for (no, link) in &mut self.links {
            let (account, clock, gauges) = (&mut self.account, &self.clock, self.gauges);
            if !link.part(|tag| account.answered(tag, clock.now_ns(), gauges)) {
                self.account.lost.push((*no, self.clock.now_ns()));
            }
            self.account.n_reconnects += link.n_reconnects();
            self.account.n_repeated += link.n_repeated();
            self.gauges.n_connected.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Account {
    fn answered(&mut self, tag: Tag, now_ns: u64, gauges: &Gauges) {
        let took_us = now_ns.saturating_sub(tag.due_ns) / 1_000;
        gauges.n_acked.fetch_add(1, Ordering::Relaxed);
        if tag.no == FIXES {
            return self.puback.record_us(took_us);
        }
        self.consent_ack.record_us(took_us);
        self.consents[tag.no as usize].acked_ns = Some(now_ns);
    }
}
