//! From positions to the fences that hold them.
//!
//! A batch goes through the levels of the directory in stages: for all its positions the root
//! cells are looked up, then for those that lead on the nodes, then the leaves. Each stage asks
//! for the memory that the next one needs, so that it comes from there for many positions at
//! once, and hands on only what is not settled, by lists that are written without branches.

use model::{FenceNo, Position};

use super::Directory;
use super::entry::Entry;
use super::lanes::{self, Lanes, N_LANES, Work, prefetch};
use super::leaf::{Header, N_MASKS_MAX, PartAnswer, part_counts};
use super::units::{ROOT_LOG2, Spot};
use super::words::Words;
use crate::exact::Probe;
use crate::hits::{Hits, Span};
use crate::store::Fences;

/// Positions that go through the stages together.
const N_STAGED: usize = 128;

/// Positions on their way, and where each of them goes next.
struct Stage<'a> {
    spots: [Spot; N_STAGED],
    /// In the node under the root cell of each.
    entries: [&'a u32; N_STAGED],
    /// Fences that answer alone.
    ones: [FenceNo; N_STAGED],
    /// Numbers of the positions that a leaf answers, and their leaves.
    asking: [u8; N_STAGED],
    leaves: [Entry; N_STAGED],
}

/// Where in a node's grid a spot lies.
#[inline(always)]
const fn cell_of(spot: Spot, cell_log2: u32, k: u32) -> u32 {
    let mask = (1 << k) - 1;
    (spot.y >> cell_log2 & mask) << k | (spot.x >> cell_log2 & mask)
}

/// One leaf for one position.
struct Single<'a> {
    leaf: &'a [u32],
    fences: &'a Fences,
    at: (Position, Spot),
    found: &'a mut Vec<FenceNo>,
}

impl Work for Single<'_> {
    #[inline(always)]
    fn run(self, lanes: impl Lanes) {
        test(lanes, self.leaf, self.fences, self.at, self.found);
    }
}

/// All stages for a batch.
struct Batch<'a> {
    directory: &'a Directory,
    fences: &'a Fences,
    positions: &'a [Position],
    hits: &'a mut Hits,
}

impl Work for Batch<'_> {
    #[inline(always)]
    fn run(self, lanes: impl Lanes) {
        self.directory.find_all_in_stages(lanes, self.fences, self.positions, self.hits);
    }
}

impl Directory {
    /// Appends the fences that hold a position, ascending.
    #[inline]
    pub(crate) fn find(&self, fences: &Fences, position: Position, found: &mut Vec<FenceNo>) {
        let spot = Spot::of(position);
        if spot.is_at_pole() {
            return self.find_at_pole(fences, position, found);
        }
        let node = self.root(spot.x >> ROOT_LOG2, spot.y >> ROOT_LOG2);
        let k = node.node_k();
        let mut entry = Entry(*self.words.at(node.node_word() + cell_of(spot, ROOT_LOG2 - k, k) as usize));
        if entry.tag() == Entry::TAG_NODE {
            entry = self.descend(spot, entry);
        }
        match entry.tag() {
            Entry::TAG_LEAF => {
                let leaf = self.words.from(entry.leaf_word());
                lanes::with_the_best(Single { leaf, fences, at: (position, spot), found });
            }
            Entry::TAG_ONE => found.push(FenceNo(entry.fence())),
            _ => {}
        }
    }

    /// The same for many positions.
    pub(crate) fn find_all(&self, fences: &Fences, positions: &[Position], hits: &mut Hits) {
        lanes::with_the_best(Batch { directory: self, fences, positions, hits });
    }

    #[inline(always)]
    fn find_all_in_stages(
        &self,
        lanes: impl Lanes,
        fences: &Fences,
        positions: &[Position],
        hits: &mut Hits,
    ) {
        let mut stage = Stage {
            spots: [Spot { x: 0, y: 0 }; N_STAGED],
            entries: [&0; N_STAGED],
            ones: [FenceNo(0); N_STAGED],
            asking: [0; N_STAGED],
            leaves: [Entry::EMPTY; N_STAGED],
        };
        hits.begin(positions.len());
        for (positions, spans) in positions.chunks(N_STAGED).zip(hits.spans.chunks_mut(N_STAGED)) {
            let found = &mut hits.fences;
            if find_spots(positions, &mut stage.spots) {
                self.find_each(fences, positions, spans, found);
                continue;
            }
            self.ask_nodes(&mut stage, positions.len());
            let n_asking = self.read_nodes(&mut stage, spans, found);
            for leaf in &stage.leaves[..n_asking] {
                self.words.ask_for_leaf(leaf.leaf_word());
            }
            for (number, leaf) in stage.asking[..n_asking].iter().zip(&stage.leaves) {
                let number = usize::from(*number);
                let start = found.len();
                let leaf = self.words.from(leaf.leaf_word());
                test(lanes, leaf, fences, (positions[number], stage.spots[number]), found);
                spans[number] = Span::new(start, found.len() - start);
            }
            Hits::check(found.len());
        }
    }

    /// Finds the entry of each in the node under its root cell; there is one under every cell.
    #[inline(always)]
    fn ask_nodes<'a>(&'a self, stage: &mut Stage<'a>, n_positions: usize) {
        for (spot, entry) in stage.spots[..n_positions].iter().zip(&mut stage.entries) {
            let node = self.root(spot.x >> ROOT_LOG2, spot.y >> ROOT_LOG2);
            let k = node.node_k();
            *entry = self.words.at(node.node_word() + cell_of(*spot, ROOT_LOG2 - k, k) as usize);
            prefetch(entry);
        }
    }

    /// Answers what one fence answers alone, and lists the leaves to be asked, by writing always
    /// and counting only what counts: no branch to guess. How many leaves there are.
    #[inline(always)]
    fn read_nodes(&self, stage: &mut Stage<'_>, spans: &mut [Span], found: &mut Vec<FenceNo>) -> usize {
        let (mut n_ones, mut n_asking) = (0, 0);
        let start = found.len();
        for (number, (span, entry)) in spans.iter_mut().zip(&stage.entries).enumerate() {
            let mut entry = Entry(**entry);
            if entry.tag() == Entry::TAG_NODE {
                entry = self.descend(stage.spots[number], entry);
            }
            let is_one = usize::from(entry.tag() == Entry::TAG_ONE);
            *span = Span::new(start + n_ones, is_one);
            stage.ones[n_ones % N_STAGED] = FenceNo(entry.fence());
            n_ones += is_one;
            stage.asking[n_asking % N_STAGED] = number as u8;
            stage.leaves[n_asking % N_STAGED] = entry;
            n_asking += usize::from(entry.tag() == Entry::TAG_LEAF);
        }
        found.extend_from_slice(&stage.ones[..n_ones]);
        n_asking
    }

    /// From the node under a node downwards: few root cells are that crowded.
    #[inline(never)]
    fn descend(&self, spot: Spot, mut entry: Entry) -> Entry {
        let mut log2 = ROOT_LOG2 - self.root(spot.x >> ROOT_LOG2, spot.y >> ROOT_LOG2).node_k();
        while entry.tag() == Entry::TAG_NODE {
            let k = entry.node_k();
            log2 -= k;
            entry = Entry(*self.words.at(entry.node_word() + cell_of(spot, log2, k) as usize));
        }
        entry
    }

    #[cold]
    fn find_each(
        &self,
        fences: &Fences,
        positions: &[Position],
        spans: &mut [Span],
        found: &mut Vec<FenceNo>,
    ) {
        for (position, span) in positions.iter().zip(spans) {
            let start = found.len();
            self.find(fences, *position, found);
            *span = Span::new(start, found.len() - start);
        }
        Hits::check(found.len());
    }

    #[cold]
    fn find_at_pole(&self, fences: &Fences, position: Position, found: &mut Vec<FenceNo>) {
        let pole = &self.poles[usize::from(0.0 < position.lat())];
        let mut probe = Probe::new(position);
        let holds = |fence: &u32| fences.get(*fence).exact().is_some_and(|exact| exact.contains(&mut probe));
        found.extend(pole.iter().copied().filter(holds).map(FenceNo));
    }
}

impl Words {
    /// Asks for the cache lines that most leaves fill; those of changed root cells come by themselves.
    #[inline(always)]
    fn ask_for_leaf(&self, word: usize) {
        const LINE: usize = 16;
        for line in 0..4 {
            if let Some(at) = self.in_base(word + line * LINE) {
                prefetch(at);
            }
        }
    }
}

/// Finds the spots of some positions; says whether any of them is at a pole.
#[inline(always)]
fn find_spots(positions: &[Position], spots: &mut [Spot; N_STAGED]) -> bool {
    let mut any_at_pole = false;
    for (position, spot) in positions.iter().zip(spots) {
        *spot = Spot::of(*position);
        any_at_pole |= spot.is_at_pole();
    }
    any_at_pole
}

/// Appends the fences of a leaf that hold a position, ascending.
#[inline(always)]
fn test(
    lanes: impl Lanes,
    mut leaf: &[u32],
    fences: &Fences,
    at: (Position, Spot),
    found: &mut Vec<FenceNo>,
) {
    let start = found.len();
    loop {
        let header = Header(leaf[0]);
        let (covers, rest) = leaf[1..].split_at(header.n_covers());
        found.extend(covers.iter().map(|&fence| FenceNo(fence)));
        leaf = rest;
        if 0 < header.n_circles() {
            leaf = test_circles(lanes, leaf, header.n_circles(), fences, at, found);
        }
        if header.has_parts() {
            leaf = test_parts(lanes, leaf, fences, at, found);
        }
        if !header.has_more() {
            break;
        }
    }
    if start + 2 <= found.len() {
        sort_from(start, found);
    }
}

/// Eight words from a place on.
#[inline(always)]
fn eight(words: &[u32], from: usize) -> &lanes::Words {
    words[from..from + N_LANES].try_into().expect("eight words")
}

#[inline(always)]
fn test_circles<'a>(
    lanes: impl Lanes,
    words: &'a [u32],
    n_circles: usize,
    fences: &Fences,
    (position, spot): (Position, Spot),
    found: &mut Vec<FenceNo>,
) -> &'a [u32] {
    let east = f32::from_bits(words[0]);
    let lists = &words[1..];
    for from in (0..n_circles).step_by(N_LANES) {
        let list = |number: usize| eight(lists, number * n_circles + from);
        let (within, inside) = lanes.circles(spot, east, [list(0), list(1), list(2), list(3)]);
        let counted = u32::MAX >> (32 - (n_circles - from).min(N_LANES));
        let mut rest = within & counted;
        while rest != 0 {
            let lane = rest.trailing_zeros();
            rest &= rest - 1;
            let fence = lists[4 * n_circles + from + lane as usize];
            if inside >> lane & 1 == 1 || circle_holds(fences, fence, position) {
                found.push(FenceNo(fence));
            }
        }
    }
    &lists[5 * n_circles..]
}

#[cold]
#[inline(never)]
fn circle_holds(fences: &Fences, fence: u32, position: Position) -> bool {
    fences.get(fence).exact().is_some_and(|exact| exact.contains(&mut Probe::new(position)))
}

#[inline(always)]
fn test_parts<'a>(
    lanes: impl Lanes,
    words: &'a [u32],
    fences: &Fences,
    (position, spot): (Position, Spot),
    found: &mut Vec<FenceNo>,
) -> &'a [u32] {
    let (n_edges, n_parts) = part_counts(words[0]);
    let offset = |at: u32, middle: u32| at.wrapping_sub(middle).cast_signed() as f32;
    let at = [offset(spot.x, words[1]), offset(spot.y, words[2])];
    let band = f32::from_bits(words[3]);
    let lists = &words[4..];
    let (mut below, mut near) = ([0_u32; N_MASKS_MAX], [0_u32; N_MASKS_MAX]);
    for from in (0..n_edges).step_by(N_LANES) {
        let list = |number: usize| eight(lists, number * n_edges + from);
        let (is_below, is_near) = lanes.edges(at, band, [list(0), list(1), list(2), list(3)]);
        below[from / 32 % N_MASKS_MAX] |= is_below << (from % 32);
        near[from / 32 % N_MASKS_MAX] |= is_near << (from % 32);
    }
    let n_masks = n_edges.div_ceil(32);
    let (parts, behind) = lists[4 * n_edges..].split_at(n_parts * (2 + n_masks));
    for part in parts.chunks_exact(2 + n_masks) {
        let (fence, answer) = (part[0], PartAnswer(part[1]));
        let (mut count, mut any_near) = (answer.flip(), 0);
        for ((mask, below), near) in part[2..].iter().zip(&below).zip(&near) {
            count ^= (mask & below).count_ones();
            any_near |= mask & near;
        }
        let holds = if any_near == 0 && !answer.is_exact_only() {
            count & 1 == 1
        } else {
            part_holds(fences, fence, answer.part(), position)
        };
        if holds {
            found.push(FenceNo(fence));
        }
    }
    behind
}

#[cold]
#[inline(never)]
fn part_holds(fences: &Fences, fence: u32, part: usize, position: Position) -> bool {
    fences.polygons(fence).part_contains(part, position)
}

/// Sorts what stands behind `start` and drops repetitions of it.
///
/// A leaf has a few lists that are sorted already, mostly short ones: insertion is the fastest.
#[inline(always)]
fn sort_from(start: usize, hits: &mut Vec<FenceNo>) {
    const N_SHORT: usize = 32;
    let found = &mut hits[start..];
    if N_SHORT < found.len() {
        found.sort_unstable();
        return drop_repetitions(start, hits);
    }
    let mut repeats = false;
    for next in 1..found.len() {
        let fence = found[next];
        let mut at = next;
        while 0 < at && fence < found[at - 1] {
            found[at] = found[at - 1];
            at -= 1;
        }
        found[at] = fence;
        repeats |= 0 < at && found[at - 1] == fence;
    }
    if repeats {
        drop_repetitions(start, hits);
    }
}

#[cold]
fn drop_repetitions(start: usize, hits: &mut Vec<FenceNo>) {
    let mut kept = start + 1;
    for i in start + 1..hits.len() {
        if hits[i] != hits[kept - 1] {
            hits[kept] = hits[i];
            kept += 1;
        }
    }
    hits.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_sorted_and_each_stands_once() {
        let mut many: Vec<FenceNo> = (0..50).rev().chain(20..70).map(FenceNo).collect();
        sort_from(0, &mut many);
        assert_eq!(many, (0..70).map(FenceNo).collect::<Vec<_>>());
        let mut hits = [9, 3, 1, 3, 2, 1, 1].map(FenceNo).to_vec();
        sort_from(1, &mut hits);
        assert_eq!(hits, [9, 1, 2, 3].map(FenceNo));
    }
}
