//! Every known customer's name, kept once, and the way from a name to a number.
//!
//! A name takes its own bytes, nine more and about fourteen in the table (`gate/memory`). A look-up goes
//! from the table to the name, and what lies there has to be fetched from far: [`Names::find_all`] fetches
//! for many names at a time, step by step, so that the waits overlap (`gate/name`).

use std::hint::black_box;

use model::{CustomerId, CustomerNo};

/// Names and numbers of customers.
#[derive(Debug)]
pub(crate) struct Names {
    /// Where names may be found, by their prints; never empty.
    groups: Vec<Group>,
    /// How many places of the groups are not free.
    n_taken: usize,
    n_customers: usize,
    /// Slot, generation, length and text, one name after the other, each from a multiple of [`UNIT`].
    records: Vec<u8>,
    /// How many bytes of them are of customers who are gone.
    n_dead: usize,
    spots: Vec<Spot>,
    free: Vec<u32>,
}

/// A slot, which passes from one customer to another; a number holds as long as its generation does.
#[derive(Clone, Copy, Debug)]
struct Spot {
    generation: u32,
    /// [`NOWHERE`] while nobody has the slot.
    place: u32,
}

/// Names whose prints are near each other, in one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Group {
    prints: [u32; N_PLACES],
    /// Where the records begin, in units, counted from 1; or [`NOWHERE`], or [`LEFT`].
    places: [u32; N_PLACES],
}

const N_PLACES: usize = 8;
const NOWHERE: u32 = 0;
/// Somebody's who is gone, in a group that was full: others may have gone on to the next for it.
const LEFT: u32 = u32::MAX;
const UNIT: usize = 8;
const HEAD_LEN: usize = 9;
/// How many names are looked up together: with 32 a message took 8 ns more, with 256 no less.
const N_TOGETHER: usize = 128;
/// Fuller than this, in hundredths, too many names are not in the group where they are sought first.
const LOAD_MAX: usize = 70;
/// A table begins anew with room for half as many again.
const ROOM: usize = 150;

impl Default for Names {
    fn default() -> Self {
        Self {
            groups: vec![Group::EMPTY],
            n_taken: 0,
            n_customers: 0,
            records: Vec::new(),
            n_dead: 0,
            spots: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl Names {
    pub(crate) const fn n_customers(&self) -> usize {
        self.n_customers
    }

    pub(crate) fn find(&self, name: &str) -> Option<CustomerNo> {
        self.find_from(print(name), name)
    }

    /// Appends the numbers of many who are named, in order.
    ///
    /// One step for all of them and then the next: look-ups that do not wait for each other overlap. A
    /// name out of a million took 105 ns alone and takes 30 ns so.
    pub(crate) fn find_all<'a, T>(
        &self,
        named: &'a [T],
        name: impl Fn(&'a T) -> &'a str,
        found: &mut Vec<Option<CustomerNo>>,
    ) {
        for named in named.chunks(N_TOGETHER) {
            let names = named.iter().map(&name);
            let (mut prints, mut places) = ([0; N_TOGETHER], [NOWHERE; N_TOGETHER]);
            let (prints, places) = (&mut prints[..named.len()], &mut places[..named.len()]);
            for (kept, name) in prints.iter_mut().zip(names.clone()) {
                *kept = print(name);
            }
            black_box(prints.iter().fold(0, |seen, print| seen ^ self.group(*print).prints[0]));
            for (place, print) in places.iter_mut().zip(&*prints) {
                *place = self.group(*print).only_place_of(*print);
            }
            // One in twenty found its group full and stays in the next.
            for (place, print) in places.iter_mut().zip(&*prints).filter(|(place, _)| **place == NOWHERE) {
                let next = self.groups.get(self.home(*print) + 1);
                *place = next.map_or(NOWHERE, |group| group.only_place_of(*print));
            }
            let ends = places.iter().zip(names.clone()).map(|(place, name)| self.ends(*place, name.len()));
            black_box(ends.fold(0, |seen, (first, last)| seen ^ first ^ last));
            found.extend(names.zip(prints).zip(places).map(|((name, print), place)| {
                self.no_at(*place, name).or_else(|| self.find_from(*print, name))
            }));
        }
    }

    /// The number of a name, which may be new.
    pub(crate) fn no_of(&mut self, id: &CustomerId) -> CustomerNo {
        let (name, print) = (id.as_str(), print(id.as_str()));
        if let Some(no) = self.find_from(print, name) {
            return no;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.spots.push(Spot { generation: 0, place: NOWHERE });
            self.spots.len() as u32 - 1
        });
        let spot = &mut self.spots[slot as usize];
        spot.place = place_of(self.records.len());
        let (no, place) = (CustomerNo::new(slot, spot.generation), spot.place);
        write(&mut self.records, no, name);
        self.make_room();
        self.take_place(print, place);
        self.n_customers += 1;
        no
    }

    /// A customer's name, while their number means anybody.
    pub(crate) fn name(&self, no: CustomerNo) -> Option<&str> {
        let spot = self.spots.get(no.slot()).filter(|spot| spot.generation == no.generation())?;
        let (_, name) = self.record(spot.place)?;
        std::str::from_utf8(name).ok()
    }

    /// Forgets a customer, and answers whether there was one; their number means nobody from now on.
    pub(crate) fn forget(&mut self, no: CustomerNo) -> bool {
        let Some(name) = self.name(no) else { return false };
        let (print, len) = (print(name), record_len(name.len()));
        let spot = &mut self.spots[no.slot()];
        let place = std::mem::replace(&mut spot.place, NOWHERE);
        spot.generation += 1;
        self.free.push(no.slot() as u32);
        self.leave_place(print, place);
        let begin = begin_of(place);
        self.records[begin..begin + len].fill(0);
        self.n_dead += len;
        self.n_customers -= 1;
        if self.records.len() < 2 * self.n_dead {
            self.close_ranks();
        }
        true
    }

    /// The group where a print is sought first; neighbours in the order of prints are neighbours here.
    fn home(&self, print: u32) -> usize {
        ((u64::from(print) * self.groups.len() as u64) >> u32::BITS) as usize
    }

    fn group(&self, print: u32) -> &Group {
        &self.groups[self.home(print)]
    }

    /// Goes from group to group until one has room, where whoever comes next would have stayed.
    fn find_from(&self, print: u32, name: &str) -> Option<CustomerNo> {
        let (before, from) = self.groups.split_at(self.home(print));
        for group in from.iter().chain(before) {
            for (_, place) in group.iter().filter(|(other, _)| *other == print) {
                if let Some(no) = self.no_at(place, name) {
                    return Some(no);
                }
            }
            if group.has_room() {
                return None;
            }
        }
        None
    }

    fn no_at(&self, place: u32, name: &str) -> Option<CustomerNo> {
        let (no, other) = self.record(place)?;
        (other == name.as_bytes()).then_some(no)
    }

    fn record(&self, place: u32) -> Option<(CustomerNo, &[u8])> {
        if place == NOWHERE || place == LEFT {
            return None;
        }
        let (head, rest) = self.records.get(begin_of(place)..)?.split_first_chunk::<HEAD_LEN>()?;
        let [a, b, c, d, e, f, g, h, len] = *head;
        let no = CustomerNo::new(u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        Some((no, rest.get(..usize::from(len))?))
    }

    /// The first and the last byte of a record, which may lie in two lines of the cache.
    fn ends(&self, place: u32, len: usize) -> (u8, u8) {
        let begin = if place == NOWHERE { 0 } else { begin_of(place) };
        let byte = |i: usize| self.records.get(i).copied().unwrap_or_default();
        (byte(begin), byte(begin + HEAD_LEN + len - 1))
    }

    fn take_place(&mut self, print: u32, place: u32) {
        let home = self.home(print);
        let (before, from) = self.groups.split_at_mut(home);
        let mut groups = from.iter_mut().chain(before);
        let taken = groups.find_map(|group| group.take(print, place)).expect("the table has room");
        self.n_taken += usize::from(taken == NOWHERE);
    }

    fn leave_place(&mut self, print: u32, place: u32) {
        let home = self.home(print);
        let (before, from) = self.groups.split_at_mut(home);
        let mut groups = from.iter_mut().chain(before);
        let left = groups.find_map(|group| group.leave(place)).expect("a name that is kept is in the table");
        self.n_taken -= usize::from(left == NOWHERE);
    }

    /// Makes a new table before the old one is too full to be quick.
    fn make_room(&mut self) {
        if 100 * (self.n_taken + 1) <= LOAD_MAX * N_PLACES * self.groups.len() {
            return;
        }
        let n_places = (self.n_customers + 1) * ROOM / LOAD_MAX;
        let table = vec![Group::EMPTY; n_places.div_ceil(N_PLACES)];
        let old = std::mem::replace(&mut self.groups, table);
        self.n_taken = 0;
        for (print, place) in old.iter().flat_map(Group::iter) {
            self.take_place(print, place);
        }
    }

    /// Leaves out what is of those who are gone.
    fn close_ranks(&mut self) {
        let old = std::mem::take(&mut self.records);
        let mut spots = std::mem::take(&mut self.spots);
        let from = Self { records: old, ..Self::default() };
        self.groups.fill(Group::EMPTY);
        (self.n_taken, self.n_dead) = (0, 0);
        for spot in &mut spots {
            let Some((no, name)) = from.record(spot.place) else { continue };
            let name = std::str::from_utf8(name).expect("names are text");
            spot.place = place_of(self.records.len());
            write(&mut self.records, no, name);
            self.take_place(print(name), spot.place);
        }
        self.spots = spots;
    }
}

impl Group {
    const EMPTY: Self = Self { prints: [0; N_PLACES], places: [NOWHERE; N_PLACES] };

    /// Prints and places of all who are there.
    fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let all = self.prints.iter().copied().zip(self.places.iter().copied());
        all.filter(|(_, place)| *place != NOWHERE && *place != LEFT)
    }

    /// The place of a print that only one has here, else nowhere.
    ///
    /// Nothing branches: which of the eight it is nobody can guess, and a wrong guess costs 9 ns a name.
    fn only_place_of(&self, print: u32) -> u32 {
        let (mut n, mut found) = (0_u32, NOWHERE);
        for (other, place) in self.prints.iter().zip(&self.places) {
            let is_it = u32::from(*other == print);
            n += is_it;
            found |= place & 0_u32.wrapping_sub(is_it);
        }
        found & 0_u32.wrapping_sub(u32::from(n == 1))
    }

    fn has_room(&self) -> bool {
        self.places.contains(&NOWHERE)
    }

    /// Puts a name where nobody is, and answers what was there.
    fn take(&mut self, print: u32, place: u32) -> Option<u32> {
        let i = self.places.iter().position(|place| *place == NOWHERE || *place == LEFT)?;
        self.prints[i] = print;
        Some(std::mem::replace(&mut self.places[i], place))
    }

    /// Takes a name away, and answers what is there now.
    fn leave(&mut self, place: u32) -> Option<u32> {
        let i = self.places.iter().position(|other| *other == place)?;
        self.places[i] = if self.has_room() { NOWHERE } else { LEFT };
        Some(self.places[i])
    }
}

/// Thirty-two bits that names hardly share.
///
/// It knows no chance, or one seed would tell two stories; so whoever wants to can find names with one
/// print. To slow others down they would have to bring thousands of such customers into the table, whose
/// consents a backend with a name of its own has to vouch for.
fn print(name: &str) -> u32 {
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let last = rest.iter().fold(0, |last, byte| last << 8 | u64::from(*byte));
    let first = 0x9E37_79B9_7F4A_7C15 ^ name.len() as u64;
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let mixed = words.fold(first, |mixed, word| fold(mixed ^ word, 0xA076_1D64_78BD_642F));
    let mixed = fold(mixed ^ last, 0xE703_7ED1_A0B4_28DB);
    (fold(mixed, 0x8EBC_6AF0_9C88_C6E3) >> u32::BITS) as u32
}

/// Both halves of a product, one over the other.
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> u64::BITS) as u64
}

fn write(records: &mut Vec<u8>, no: CustomerNo, name: &str) {
    let end = records.len() + record_len(name.len());
    records.extend((no.slot() as u32).to_le_bytes());
    records.extend(no.generation().to_le_bytes());
    records.push(u8::try_from(name.len()).expect("ids are shorter"));
    records.extend(name.as_bytes());
    records.resize(end, 0);
}

const fn record_len(name_len: usize) -> usize {
    (HEAD_LEN + name_len).next_multiple_of(UNIT)
}

/// The place of a record that begins at a byte.
///
/// # Panics
/// When names fill more than 32 GiB.
fn place_of(begin: usize) -> u32 {
    let place = u32::try_from(begin / UNIT + 1).ok().filter(|place| *place != LEFT);
    place.expect("names fill less than 32 GiB")
}

const fn begin_of(place: u32) -> usize {
    (place as usize - 1) * UNIT
}

#[cfg(test)]
mod tests;
