//! Laws that its own answers obey, whatever somebody does.

use super::*;
use proptest::prelude::*;

proptest! {
    /// Whatever somebody does, they hear no more than the caps and rests allow, in the hours.
    #[test]
    fn caps_hold_in_its_own_output(
        walk in prop::collection::vec((1..240_i64, 0..5_usize, any::<bool>()), 1..400),
    ) {
        let mut street = Street::new(simple());
        let mut heard: Vec<(i64, u32)> = Vec::new();
        for (mins, place, still) in walk {
            let x_m = [BOOKS, CAFE, DOOR, BOOKS + 400.0, DOOR + 400.0][place];
            street.wait(mins * MINUTE);
            let fix = Fix { still, ..street.fix(x_m) };
            street.oracle.message(1, 0, &[fix], street.now_ms);
            street.settle();
            for told in street.oracle.told() {
                if let What::Offer { fence, .. } = told.what {
                    heard.push((told.at_ms, fence));
                }
            }
        }
        for (i, (at_ms, fence)) in heard.iter().enumerate() {
            let since = |span: i64| heard[..i].iter().filter(|(other, _)| at_ms - other < span).count();
            prop_assert!(since(DAY) < 1 && since(7 * DAY) < 2 && since(30 * DAY) < 6);
            prop_assert!(heard[..i].iter().all(|(other, there)| there != fence || 6 * DAY <= at_ms - other));
            prop_assert!((9..20).contains(&((at_ms - MONDAY) / HOUR % 24)));
        }
    }

    /// Per visit: enter, at most one dwell, at most one exit, in this order.
    #[test]
    fn transitions_alternate(
        walk in prop::collection::vec((1..100_i64, -300..300_i32, any::<bool>()), 1..300),
    ) {
        let mut street = Street::new(simple());
        let mut last = None;
        for (mins, x_m, still) in walk {
            street.wait(mins * MINUTE);
            let fix = Fix { still, ..street.fix(BOOKS + f64::from(x_m)) };
            street.oracle.message(1, 0, &[fix], street.now_ms);
            for told in street.oracle.told() {
                let What::Transition { kind, entered_at_ms, .. } = told.what else { continue };
                let stay = last.filter(|(_, entered)| *entered == entered_at_ms).map(|(kind, _)| kind);
                let follows = match kind {
                    Kind::Enter => last.is_none_or(|(kind, _)| kind == Kind::Exit),
                    Kind::Dwell => stay == Some(Kind::Enter),
                    Kind::Exit => stay == Some(Kind::Enter) || stay == Some(Kind::Dwell),
                    Kind::Cross => false,
                };
                prop_assert!(follows, "{kind:?} after {last:?}");
                last = Some((kind, entered_at_ms));
            }
        }
    }
}
