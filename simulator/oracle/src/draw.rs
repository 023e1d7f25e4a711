//! Draws that are the same for everybody who knows the key: names, holdouts and ties.
//!
//! By the definition in the documents: BLAKE3, keyed by a purpose; each text follows its length as a
//! little-endian `u64`, numbers are little-endian `i64`s, the first sixteen bytes are the answer.

use crate::Said;

struct Draw(blake3::Hasher);

impl Draw {
    fn of(purpose: &str) -> Self {
        Self(blake3::Hasher::new_derive_key(purpose))
    }

    fn text(mut self, text: &str) -> Self {
        self.0.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    fn answer(self) -> [u8; 16] {
        let mut answer = [0; 16];
        self.0.finalize_xof().fill(&mut answer);
        answer
    }

    fn number(self) -> u64 {
        let answer = self.answer();
        u64::from_le_bytes(answer[..8].try_into().expect("eight of sixteen bytes"))
    }
}

/// Whether a customer is held out of an offer of which so many in a thousand are.
pub(crate) fn is_held_out(key: &str, offer: &str, customer: &str, permille: u16) -> bool {
    let drawn = Draw::of("stile holdout v1").text(key).text(offer).text(customer).number();
    drawn % 1_000 < u64::from(permille)
}

/// Names that go into the name of a decided offer.
pub(crate) struct Names<'a> {
    pub(crate) customer: &'a str,
    pub(crate) device: &'a str,
    pub(crate) fence: &'a str,
    pub(crate) offer: &'a str,
}

/// Of equal candidates the one with the lower number wins.
pub(crate) fn tie(key: &str, names: &Names<'_>, said: &Said) -> u64 {
    let visit = Draw::of("stile visit v1").text(names.customer).text(names.device).text(names.fence);
    let visit = visit.bytes(&said.entered_at_ms.to_le_bytes()).answer();
    let notification = Draw::of("stile notification v1").text(names.offer).bytes(&visit).answer();
    Draw::of("stile tie v1").text(key).bytes(&notification).number()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_held_out_by_offer_and_customer_and_nothing_else() {
        let names: Vec<String> = (0..4_000).map(|no| format!("c{no}")).collect();
        let n = |offer: &str, permille: u16| {
            names.iter().filter(|name| is_held_out("k", offer, name, permille)).count()
        };
        assert_eq!((n("a", 0), n("a", 1_000)), (0, 4_000));
        assert!((330..470).contains(&n("a", 100)), "{}", n("a", 100));
        let both = names.iter().filter(|name| ["a", "b"].iter().all(|of| is_held_out("k", of, name, 100)));
        assert!(both.count() < 80, "two offers hold different people out");
    }
}
