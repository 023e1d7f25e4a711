//! What a million devices take. A process of its own: memory is measured for all of it.
#![cfg(target_os = "linux")]

use model::{DeviceNo, FenceNo, Fix, Meters, Millis, Position, Timestamp};
use presence::{Arrival, Change, Presence, PresencePolicy, Surroundings};

const N_DEVICES: u32 = 1_000_000;

/// One fence that holds everything, or none.
struct Map(&'static [FenceNo]);

const NOWHERE: Map = Map(&[]);
const SHOP: Map = Map(&[FenceNo(0)]);

impl Surroundings for Map {
    fn inside(&self) -> &[FenceNo] {
        self.0
    }

    fn holds(&self, _: FenceNo, _: Position) -> bool {
        true
    }

    fn distance_outside(&self, _: FenceNo) -> Meters {
        Meters(500.0)
    }

    fn radius(&self, _: FenceNo) -> Meters {
        Meters(100.0)
    }

    fn crossed(&self) -> Vec<FenceNo> {
        Vec::new()
    }
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok()).unwrap() * 4_096
}

fn step(presence: &mut Presence, device: u32, minute: i64, around: &Map, changes: &mut Vec<Change>) {
    let at = Timestamp::from_unix_ms(1_800_000_000_000) + Millis::from_mins(minute);
    let place = Position::new(10.0 + f64::from(device) * 1e-6, 20.0).unwrap();
    let fix = Fix { accuracy: Some(Meters(10.0)), speed_mps: Some(1.0), ..Fix::at(at, place) };
    let device = DeviceNo::new(device, 3);
    let Arrival::Used(used) = presence.screen(device, fix, at).arrival else { panic!("nothing jumps") };
    presence.update(device, &used, around, changes);
}

#[test]
fn a_device_without_a_visit_takes_sixty_four_bytes_and_a_visit_leaves_nothing_behind() {
    let (mut presence, mut changes) = (Presence::new(PresencePolicy::default()), Vec::new());
    step(&mut presence, 0, -1, &NOWHERE, &mut changes);
    let bare = resident_bytes();
    for minute in 0..2 {
        (0..N_DEVICES).for_each(|device| step(&mut presence, device, minute, &NOWHERE, &mut changes));
    }
    let nowhere = resident_bytes() - bare;
    println!("{:.2} bytes a device without a visit", nowhere as f64 / f64::from(N_DEVICES));
    assert!(changes.is_empty());
    // Half a byte is for the list of pages, what the process took meanwhile and how the kernel counts.
    assert!(nowhere * 10 <= N_DEVICES as usize * 645, "{nowhere} bytes");

    let visit_all = |presence: &mut Presence, devices: std::ops::Range<u32>, minute: i64| {
        let mut changes = Vec::new();
        for (later, around) in [(0, SHOP), (1, NOWHERE), (2, NOWHERE)] {
            devices.clone().for_each(|no| step(presence, no, minute + later, &around, &mut changes));
        }
        let timers_at = Timestamp::from_unix_ms(1_800_000_000_000) + Millis::from_mins(minute + 90);
        while presence.handle_timeout(&mut changes, timers_at).is_some() {}
        assert_eq!((changes.len(), presence.n_open_visits()), (2 * devices.len(), 0));
    };
    let mut visit_in_turn = |devices: std::ops::Range<u32>| {
        for first in devices.step_by(10_000) {
            visit_all(&mut presence, first..first + 10_000, 2 + i64::from(first / 100));
        }
        resident_bytes()
    };
    let warm = visit_in_turn(0..100_000);
    let left_behind = visit_in_turn(100_000..300_000).saturating_sub(warm);
    println!("{left_behind} bytes after two hundred thousand more visits");
    assert!(left_behind < N_DEVICES as usize / 4, "{left_behind} bytes were kept");
}
