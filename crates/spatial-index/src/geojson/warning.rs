//! What is taken, but hardly meant as it is written.

use std::fmt;

use model::FenceId;

use super::flaw::Place;

/// Something about a fence that its author should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// Number of the feature in its file, counted from 0.
    pub feature: usize,
    /// The fence.
    pub id: FenceId,
    /// What is odd.
    pub concern: Concern,
}

/// What is odd about a fence. One of each kind is named per ring, the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// A ring whose last point is not its first; it was closed.
    NotClosed(Place),
    /// A point that repeats the one before; it counts once.
    RepeatedPoint(Place),
    /// Some points of a ring have an altitude, others not; it is ignored.
    MixedDimensions(Place),
    /// A ring that crosses or touches itself at the edge that begins there.
    CrossesItself(Place),
    /// A ring that crosses or runs along an earlier one of its polygon.
    RingsCross(Place),
    /// A hole outside its outer ring: what it encloses belongs to the fence.
    HoleOutside(Place),
    /// A hole without an inside; it was ignored.
    HoleIgnored(Place),
    /// A polygon that overlaps another one of its fence.
    PolygonsOverlap(Place),
    /// A ring that goes over the antimeridian, the short way round.
    OverAntimeridian(Place),
    /// A ring with an edge right round the earth, which was taken as it is written: what lies
    /// between it and a pole is outside.
    RoundTheEarth(Place),
    /// Too much lies side by side to be searched for crossings.
    NotChecked,
    /// A radius below 5 metres: perhaps kilometres were meant.
    SmallRadius,
    /// A fence outside the region that is set.
    OutsideRegion,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "feature {} (id {:?}): {}", self.feature, self.id.as_str(), self.concern)
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotClosed(place) => write!(f, "{place}: the ring was not closed; it is now"),
            Self::RepeatedPoint(place) => write!(f, "{place}: repeats the point before; counted once"),
            Self::MixedDimensions(place) => write!(f, "{place}: 2-D and 3-D mixed; altitudes are ignored"),
            Self::CrossesItself(place) => {
                write!(
                    f,
                    "{place}: the ring crosses or touches itself; what it encloses an odd number of times is inside"
                )
            }
            Self::RingsCross(place) => {
                write!(f, "{place}: the ring crosses or runs along another; what both enclose is outside")
            }
            Self::HoleOutside(place) => {
                write!(f, "{place}: the hole lies outside its outer ring; what it encloses is inside")
            }
            Self::HoleIgnored(place) => write!(f, "{place}: the hole encloses no area; ignored"),
            Self::PolygonsOverlap(place) => write!(f, "{place}: the polygon overlaps another of this fence"),
            Self::OverAntimeridian(place) => {
                write!(
                    f,
                    "{place}: the ring goes over the antimeridian, since an edge spans more than 180 degrees"
                )
            }
            Self::RoundTheEarth(place) => {
                write!(
                    f,
                    "{place}: an edge of the ring spans 360 degrees; taken as written, without the pole"
                )
            }
            Self::NotChecked => f.write_str("too many edges side by side; not searched for crossings"),
            Self::SmallRadius => f.write_str("`radius_m` is below 5 metres; were kilometres meant?"),
            Self::OutsideRegion => f.write_str("it lies outside the region that is set"),
        }
    }
}
