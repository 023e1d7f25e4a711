//! The plane of longitude and latitude, in which polygon edges are straight.
//!
//! A ring that crosses the antimeridian is not cut: it is unrolled, so that its longitudes may
//! run past 180, and a position is looked for at each of its [`images`] `lng + 360 k`. No corner is
//! invented, no latitude rounded, and there is no seam that would have to be told from an edge.

use robust::{Coord, orient2d};

/// A point of the plane: `x` is a longitude, perhaps past 180, and `y` a latitude.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Corner {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A straight edge, ends included.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Edge {
    pub(crate) from: Corner,
    pub(crate) to: Corner,
}

/// A closed range.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// How two edges meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// Not at all.
    Apart,
    /// In one point that is an end of at least one of them.
    Touch,
    /// Along a line.
    Overlap,
    /// In one point within both.
    Cross,
}

/// Degrees nearer to zero are zero: with smaller ones the products of the exact predicate could
/// leave the range of numbers. It is a part in 10^85 of an atom.
const TINY: f64 = 1e-100;

impl Corner {
    pub(crate) const fn new(x: f64, y: f64) -> Self {
        Self { x: settled(x), y: settled(y) }
    }

    /// On which side of the line `a` → `b` the corner lies: positive left, 0 on it.
    ///
    /// The sign is exact: Shewchuk's adaptive predicate decides where rounding could.
    pub(crate) fn side_of(self, a: Self, b: Self) -> f64 {
        orient2d(a.coord(), b.coord(), self.coord())
    }

    const fn coord(self) -> Coord<f64> {
        Coord { x: self.x, y: self.y }
    }
}

const fn settled(degrees: f64) -> f64 {
    if degrees.abs() < TINY { 0.0 } else { degrees }
}

impl Edge {
    pub(crate) const fn new(from: Corner, to: Corner) -> Self {
        Self { from, to }
    }

    pub(crate) fn xs(self) -> Span {
        Span::between(self.from.x, self.to.x)
    }

    pub(crate) fn ys(self) -> Span {
        Span::between(self.from.y, self.to.y)
    }

    /// The point at a share 0..=1 of the way.
    pub(crate) fn at(self, share: f64) -> Corner {
        Corner::new(
            self.from.x + (self.to.x - self.from.x) * share,
            self.from.y + (self.to.y - self.from.y) * share,
        )
    }

    /// The same edge `turns` times round the earth further east.
    pub(crate) fn turned(self, turns: f64) -> Self {
        let turn = |corner: Corner| Corner::new(turned(corner.x, turns), corner.y);
        Self::new(turn(self.from), turn(self.to))
    }

    /// Whether and how the two closed edges meet; exact.
    pub(crate) fn meets(self, other: Self) -> Meeting {
        if !self.xs().meets(other.xs()) || !self.ys().meets(other.ys()) {
            return Meeting::Apart;
        }
        let here = [other.from.side_of(self.from, self.to), other.to.side_of(self.from, self.to)];
        let there = [self.from.side_of(other.from, other.to), self.to.side_of(other.from, other.to)];
        let beside =
            |sides: [f64; 2]| (0.0 < sides[0] && 0.0 < sides[1]) || (sides[0] < 0.0 && sides[1] < 0.0);
        if beside(here) || beside(there) {
            return Meeting::Apart;
        }
        if here == [0.0, 0.0] && there == [0.0, 0.0] {
            return self.meets_on_one_line(other);
        }
        let within = |sides: [f64; 2]| sides[0] != 0.0 && sides[1] != 0.0;
        if within(here) && within(there) { Meeting::Cross } else { Meeting::Touch }
    }

    /// For edges on one line whose boxes meet.
    fn meets_on_one_line(self, other: Self) -> Meeting {
        let common = |a: Span, b: Span| a.high.min(b.high) - a.low.max(b.low);
        let is_point = common(self.xs(), other.xs()) == 0.0 && common(self.ys(), other.ys()) == 0.0;
        if is_point { Meeting::Touch } else { Meeting::Overlap }
    }
}

impl Span {
    /// The range between two numbers in any order.
    pub(crate) fn between(a: f64, b: f64) -> Self {
        Self { low: a.min(b), high: a.max(b) }
    }

    /// The range of some numbers; empty (low above high) when there are none.
    pub(crate) fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let nothing = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };
        numbers.fold(nothing, |span, n| Self { low: span.low.min(n), high: span.high.max(n) })
    }

    pub(crate) fn holds(self, number: f64) -> bool {
        self.low <= number && number <= self.high
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }

    pub(crate) fn width(self) -> f64 {
        self.high - self.low
    }
}

/// A longitude some turns round the earth further east.
pub(crate) fn turned(lng: f64, turns: f64) -> f64 {
    if turns == 0.0 { lng } else { lng + 360.0 * turns }
}

/// By how many turns a span of longitudes must go to meet another one; mostly by none or one.
pub(crate) fn turns_between(span: Span, target: Span) -> impl Iterator<Item = f64> {
    let first = ((target.low - span.high) / 360.0).floor() as i64;
    let last = ((target.high - span.low) / 360.0).ceil() as i64;
    let meets = move |turns: &f64| {
        let moved = Span { low: turned(span.low, *turns), high: turned(span.high, *turns) };
        moved.meets(target)
    };
    (first..=last).map(|turns| turns as f64).filter(meets)
}

/// The longitudes within a span that name the same meridian.
pub(crate) fn images(lng: f64, within: Span) -> impl Iterator<Item = f64> {
    // As corners are, or a point on a border that counts as zero would lie beside it.
    let lng = settled(lng);
    turns_between(Span { low: lng, high: lng }, within).map(move |turns| turned(lng, turns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(low: f64, high: f64) -> Span {
        Span { low, high }
    }

    #[test]
    fn a_longitude_has_its_images_within_a_span() {
        let found = |lng: f64, low: f64, high: f64| images(lng, span(low, high)).collect::<Vec<_>>();
        assert_eq!(found(180.0, -180.0, -170.0), [-180.0]);
        assert_eq!(found(-175.0, 170.0, 190.0), [185.0]);
        assert_eq!(found(180.0, -180.0, 180.0), [-180.0, 180.0]);
        assert_eq!(found(0.0, 170.0, 190.0), [0.0; 0]);
        assert_eq!(found(5e-324, -1.0, 0.0), [0.0]);
        assert_eq!(found(-175.0, -178.0, 190.0), [-175.0, 185.0]);
    }

    #[test]
    fn edges_meet_in_the_way_they_do() {
        let edge = |a: (f64, f64), b: (f64, f64)| Edge::new(Corner::new(a.0, a.1), Corner::new(b.0, b.1));
        let base = edge((0.0, 0.0), (4.0, 0.0));
        let cases = [
            (edge((1.0, 1.0), (1.0, -1.0)), Meeting::Cross),
            (edge((1.0, 0.0), (1.0, 1.0)), Meeting::Touch),
            (edge((4.0, 0.0), (5.0, 0.0)), Meeting::Touch),
            (edge((3.0, 0.0), (5.0, 0.0)), Meeting::Overlap),
            (edge((5.0, 0.0), (6.0, 0.0)), Meeting::Apart),
            (edge((1.0, 1.0), (3.0, 1e-90)), Meeting::Apart),
            (edge((3.0, 1.0), (5.0, -1.0)), Meeting::Touch),
        ];
        for (other, expected) in cases {
            assert_eq!(base.meets(other), expected);
            assert_eq!(other.meets(base), expected);
        }
    }
}
