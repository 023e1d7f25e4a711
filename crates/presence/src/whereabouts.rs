//! Where a device was, as little as later fixes need.

use std::num::NonZeroU64;

use model::{Fix, Meters, Position, Timestamp};

/// Place, time and accuracy of a fix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whereabouts {
    pub(crate) position: Position,
    pub(crate) taken_at: Timestamp,
    accuracy: Accuracy,
}

impl Whereabouts {
    pub(crate) fn of(fix: &Fix) -> Self {
        let accuracy = Accuracy::new(fix.accuracy_or_assumed());
        Self { position: fix.position, taken_at: fix.taken_at, accuracy }
    }

    /// The accuracy to reckon with.
    pub(crate) fn accuracy(&self) -> Meters {
        self.accuracy.meters()
    }
}

/// Metres with all their bits, turned over.
///
/// All ones are no number, so that turned over nought is left for "nothing is known": a record that
/// may have no whereabouts is not longer for it.
#[derive(Clone, Copy, Debug)]
struct Accuracy(NonZeroU64);

impl Accuracy {
    fn new(accuracy: Meters) -> Self {
        Self(NonZeroU64::new(!accuracy.0.to_bits()).unwrap_or(NonZeroU64::MIN))
    }

    const fn meters(self) -> Meters {
        Meters(f64::from_bits(!self.0.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whereabouts_that_may_be_unknown_are_no_longer_than_known_ones() {
        assert_eq!((size_of::<Whereabouts>(), size_of::<Option<Whereabouts>>()), (32, 32));
    }

    #[test]
    fn an_accuracy_keeps_all_its_bits() {
        for accuracy in [0.0, -0.0, f64::MIN_POSITIVE, 0.1, 17.3, 50.0, 1e9, f64::MAX, f64::INFINITY] {
            assert_eq!(Accuracy::new(Meters(accuracy)).meters().0.to_bits(), accuracy.to_bits());
        }
        for nan in [f64::NAN, -f64::NAN, f64::from_bits(u64::MAX)] {
            assert!(Accuracy::new(Meters(nan)).meters().0.is_nan());
        }
    }

    #[test]
    fn an_unknown_accuracy_is_the_assumed_one() {
        let here = Position::new(1.0, 2.0).unwrap();
        let fix = Fix::at(Timestamp::from_unix_ms(7), here);
        let told = Whereabouts::of(&Fix { accuracy: Some(Meters(3.5)), ..fix });
        assert_eq!((told.position, told.taken_at, told.accuracy()), (here, fix.taken_at, Meters(3.5)));
        assert_eq!(Whereabouts::of(&fix).accuracy(), Fix::ACCURACY_ASSUMED);
    }
}
