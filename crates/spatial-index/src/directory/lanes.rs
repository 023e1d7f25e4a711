//! Eight numbers at once: the arithmetic of the filters, and all of the room's unsafe code.
//!
//! There are two ways to the same bits. [`Portable`] is plain arithmetic on arrays, for any
//! processor. [`Avx2`] does the same steps in the same order, none of them fused, with the wide
//! instructions of x86-64, where the processor is found to have them.
//!
//! # Why unsafe
//!
//! The bench `match` shows what each buys: without prefetching, a batch over a million fences
//! takes three times as long; without the wide instructions, one that hits polygons half as long
//! again. The compiler makes scalar code of the arrays. Every block is sound by itself: loads come
//! from references to eight words, and [`Avx2`] is made in one place, behind the test for it.

use super::leaf::LeafEdge;
use super::units::Spot;

pub(crate) const N_LANES: usize = 8;

pub(crate) type Words = [u32; N_LANES];

/// A way to do eight steps at once.
pub(crate) trait Lanes: Copy {
    /// Eight circles against a point: those that may hold it, and those that surely do.
    ///
    /// The lists are longitudes, latitudes, and squared outer and inner radii.
    fn circles(self, at: Spot, east: f32, lists: [&Words; 4]) -> (u32, u32);

    /// Eight edges against a point: those below it, and those too near to tell.
    ///
    /// The lists are both coordinates of the western and of the eastern end.
    fn edges(self, at: [f32; 2], band: f32, lists: [&Words; 4]) -> (u32, u32);
}

/// Work that is done by some [`Lanes`].
pub(crate) trait Work {
    fn run(self, lanes: impl Lanes);
}

/// Does some work in the fastest way that this processor has.
#[inline(always)]
pub(crate) fn with_the_best(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if avx2::is_there() {
        #[allow(unsafe_code)]
        // SAFETY: all the instructions were just found.
        return unsafe { avx2::run(work) };
    }
    work.run(Portable);
}

/// Plain arithmetic.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Lanes for Portable {
    #[inline(always)]
    fn circles(self, at: Spot, east: f32, [xs, ys, outers, inners]: [&Words; 4]) -> (u32, u32) {
        let (mut within, mut inside) = (0, 0);
        for lane in 0..N_LANES {
            let dx = at.x.wrapping_sub(xs[lane]).cast_signed() as f32 * east;
            let dy = at.y.wrapping_sub(ys[lane]).cast_signed() as f32;
            let apart = dx * dx + dy * dy;
            within |= u32::from(apart <= f32::from_bits(outers[lane])) << lane;
            inside |= u32::from(apart <= f32::from_bits(inners[lane])) << lane;
        }
        (within, inside)
    }

    #[inline(always)]
    fn edges(self, at: [f32; 2], band: f32, [ax, ay, bx, by]: [&Words; 4]) -> (u32, u32) {
        let (mut below, mut near) = (0, 0);
        for lane in 0..N_LANES {
            let [ax, ay, bx, by] = [ax, ay, bx, by].map(|list| f32::from_bits(list[lane]));
            let (is_below, is_near) = edge(at, band, LeafEdge { ax, ay, bx, by });
            below |= u32::from(is_below) << lane;
            near |= u32::from(is_near) << lane;
        }
        (below, near)
    }
}

/// One edge against a point: whether it lies below it, and whether it is too near to tell.
#[inline(always)]
pub(crate) fn edge([x, y]: [f32; 2], band: f32, edge: LeafEdge) -> (bool, bool) {
    let LeafEdge { ax, ay, bx, by } = edge;
    let (ex, ey) = (bx - ax, by - ay);
    let side = ex * (y - ay) - ey * (x - ax);
    let spans = (ax <= x) & (x < bx);
    (spans & (0.0 < side), side.abs() <= band * (ex + ey.abs()))
}

/// Asks for memory that will be read soon.
#[inline(always)]
pub(crate) fn prefetch(word: &u32) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    // SAFETY: a prefetch reads nothing, and the address is that of a reference.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(word).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = word;
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use core::arch::x86_64::{
        __m256, __m256i, _CMP_GT_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _mm256_add_ps, _mm256_and_ps, _mm256_andnot_ps,
        _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cvtepi32_ps, _mm256_loadu_si256, _mm256_movemask_ps,
        _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_sub_epi32, _mm256_sub_ps,
    };

    use super::{Lanes, Spot, Words, Work};

    /// Made by [`run`] alone, so that who has one may use the instructions.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(());

    /// Whether the processor has all of them; asked once, then remembered.
    #[inline(always)]
    pub(super) fn is_there() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
    }

    /// Does some work with the wide instructions, compiled for them all the way down.
    ///
    /// # Safety
    /// The processor has them.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) unsafe fn run(work: impl Work) {
        work.run(Avx2(()));
    }

    #[inline(always)]
    fn load(words: &Words) -> __m256i {
        // SAFETY: eight words are 256 bits, and the load asks for no alignment.
        unsafe { _mm256_loadu_si256(std::ptr::from_ref(words).cast()) }
    }

    #[inline(always)]
    fn bits(mask: __m256) -> u32 {
        // SAFETY: an `Avx2` was made, so there are such instructions.
        unsafe { _mm256_movemask_ps(mask) }.cast_unsigned()
    }

    impl Lanes for Avx2 {
        #[inline(always)]
        fn circles(self, at: Spot, east: f32, [xs, ys, outers, inners]: [&Words; 4]) -> (u32, u32) {
            // SAFETY: an `Avx2` was made, so there are such instructions.
            unsafe {
                let apart = |at: u32, list: &Words| {
                    _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_set1_epi32(at.cast_signed()), load(list)))
                };
                let dx = _mm256_mul_ps(apart(at.x, xs), _mm256_set1_ps(east));
                let dy = apart(at.y, ys);
                let apart = _mm256_add_ps(_mm256_mul_ps(dx, dx), _mm256_mul_ps(dy, dy));
                let up_to =
                    |list: &Words| bits(_mm256_cmp_ps::<_CMP_LE_OQ>(apart, _mm256_castsi256_ps(load(list))));
                (up_to(outers), up_to(inners))
            }
        }

        #[inline(always)]
        fn edges(self, [x, y]: [f32; 2], band: f32, lists: [&Words; 4]) -> (u32, u32) {
            // SAFETY: an `Avx2` was made, so there are such instructions.
            unsafe {
                let [ax, ay, bx, by] = lists.map(|list| _mm256_castsi256_ps(load(list)));
                let (x, y) = (_mm256_set1_ps(x), _mm256_set1_ps(y));
                let (ex, ey) = (_mm256_sub_ps(bx, ax), _mm256_sub_ps(by, ay));
                let (px, py) = (_mm256_sub_ps(x, ax), _mm256_sub_ps(y, ay));
                let side = _mm256_sub_ps(_mm256_mul_ps(ex, py), _mm256_mul_ps(ey, px));
                let spans =
                    _mm256_and_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(ax, x), _mm256_cmp_ps::<_CMP_LT_OQ>(x, bx));
                let above = _mm256_cmp_ps::<_CMP_GT_OQ>(side, _mm256_setzero_ps());
                let sign = _mm256_set1_ps(-0.0);
                let reach =
                    _mm256_mul_ps(_mm256_set1_ps(band), _mm256_add_ps(ex, _mm256_andnot_ps(sign, ey)));
                let near = _mm256_cmp_ps::<_CMP_LE_OQ>(_mm256_andnot_ps(sign, side), reach);
                (bits(_mm256_and_ps(spans, above)), bits(near))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, proptest};

    struct Both {
        at: Spot,
        lists: [Words; 4],
        said: Vec<(u32, u32)>,
    }

    impl Work for &mut Both {
        fn run(self, lanes: impl Lanes) {
            let lists = self.lists.each_ref();
            self.said.push(lanes.circles(self.at, 0.75, lists));
            let at = [self.at.x.cast_signed() as f32, self.at.y.cast_signed() as f32];
            for band in [0.0, 1.0, 3.5] {
                self.said.push(lanes.edges(at, band, lists));
            }
        }
    }

    proptest! {
        #[test]
        fn both_ways_give_the_same_bits(
            x in any::<u32>(),
            y in any::<u32>(),
            bits in any::<[[u32; 8]; 4]>(),
            numbers in any::<[[i16; 8]; 4]>(),
        ) {
            let numbers = numbers.map(|list| list.map(|number| (f32::from(number) / 8.0).to_bits()));
            for (at, lists) in [(Spot { x, y }, bits), (Spot { x: x >> 20, y: y >> 20 }, numbers)] {
                let mut best = Both { at, lists, said: Vec::new() };
                with_the_best(&mut best);
                let mut plain = Both { at, lists, said: Vec::new() };
                (&mut plain).run(Portable);
                assert_eq!(best.said, plain.said);
            }
        }
    }
}
