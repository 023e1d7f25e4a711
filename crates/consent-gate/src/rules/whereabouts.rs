//! The places whose law counts for one customer, merchant and fence.

use model::{FenceFacts, Jurisdiction};

/// What a place is to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The customer lives there.
    Residence,
    /// Their number is from there.
    Phone,
    /// The merchant sits there.
    Seat,
    /// The fence lies there.
    Fence,
}

impl Role {
    /// As part of a sentence: "because … in US-WA".
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Residence => "the customer lives in",
            Self::Phone => "their number is from",
            Self::Seat => "the merchant sits in",
            Self::Fence => "the fence lies in",
        }
    }

    /// The word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Residence => "residence",
            Self::Phone => "phone_region",
            Self::Seat => "seat",
            Self::Fence => "fence",
        }
    }
}

/// The places whose law counts. One more of them only ever makes things stricter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Where the customer lives.
    pub residence: Option<Jurisdiction>,
    /// Where their number is from.
    pub phone_region: Option<Jurisdiction>,
    /// Where the merchant sits.
    pub seat: Option<Jurisdiction>,
    /// The country in which the fence lies.
    pub fence_country: Option<Jurisdiction>,
    /// The part of it.
    pub fence_region: Option<Jurisdiction>,
}

impl Whereabouts {
    /// The same, with those of a fence.
    #[must_use]
    pub fn at(self, fence: &FenceFacts) -> Self {
        let known = |text: &Option<Box<str>>| Jurisdiction::new(text.as_deref()?).ok();
        Self { fence_country: known(&fence.country), fence_region: known(&fence.region), ..self }
    }

    /// Every place once for each thing that it is.
    pub fn places(&self) -> impl Iterator<Item = (Role, Jurisdiction)> {
        // A region says all that its country does; alone, the country would say that the region is not known.
        let region = self.fence_region;
        let country = self.fence_country.filter(|country| region.is_none_or(|it| it.country() != *country));
        let all = [
            (Role::Residence, self.residence),
            (Role::Phone, self.phone_region),
            (Role::Seat, self.seat),
            (Role::Fence, country),
            (Role::Fence, region),
        ];
        all.into_iter().filter_map(|(role, place)| Some((role, place?)))
    }
}
