//! Eight numbers at once: the arithmetic of the filters.
//!
//! Written on arrays, so that any compiler back end may use what the processor has; without
//! fused or reordered steps, so that every path gives the same bits.

use super::leaf::LeafEdge;
use super::units::Spot;

pub(crate) const N_LANES: usize = 8;

pub(crate) type Words = [u32; N_LANES];

/// Eight circles against a point: those that may hold it, and those that surely do.
#[inline(always)]
pub(crate) fn circles(at: Spot, east: f32, [xs, ys, outers, inners]: [&Words; 4]) -> (u32, u32) {
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

/// Eight edges against a point: those below it, and those too near to tell.
#[inline(always)]
pub(crate) fn edges(at: [f32; 2], band: f32, [ax, ay, bx, by]: [&Words; 4]) -> (u32, u32) {
    let (mut below, mut near) = (0, 0);
    for lane in 0..N_LANES {
        let number = f32::from_bits;
        let (ax, ay) = (number(ax[lane]), number(ay[lane]));
        let (is_below, is_near) =
            edge(at, band, LeafEdge { ax, ay, bx: number(bx[lane]), by: number(by[lane]) });
        below |= u32::from(is_below) << lane;
        near |= u32::from(is_near) << lane;
    }
    (below, near)
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

/// Runs some arithmetic with the widest instructions that this processor has.
#[inline(always)]
pub(crate) fn with_the_best(work: impl FnOnce()) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
        fn wide(work: impl FnOnce()) {
            work();
        }
        #[allow(unsafe_code)]
        // SAFETY: every processor with AVX2 has the others, and AVX2 was just found.
        return unsafe { wide(work) };
    }
    work();
}
