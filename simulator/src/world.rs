//! A town as engine, oracle, files and wire take it: one place, four tongues, the same numbers.
//!
//! A fence's number is its store's, an offer's is its place in [`World::offers`], a merchant's its
//! place in the town's list, a customer's and a device's the person's: for engine and oracle alike.

mod around;
mod catalogue;
mod fences;
pub(crate) mod numbers;
pub(crate) mod rows;
mod saying;
pub(crate) mod second;
#[cfg(test)]
mod tests;

use model::{CustomerId, DeviceId, MerchantId};
use offers::Draft;
use spatial_index::Fence;
use town::{PersonNo, Town};

pub(crate) use catalogue::Talk;
pub(crate) use second::fix as oracle_fix;

/// A world before it is made.
#[derive(Clone, Debug)]
pub(crate) struct WorldPlan {
    pub(crate) seed: u64,
    pub(crate) n_people: u32,
    /// Of a town that is laid; a user's fences bring their own number.
    pub(crate) n_fences: u32,
    /// Of a town that is laid, 1 to 6.
    pub(crate) n_merchants: u32,
    pub(crate) talk: Talk,
}

impl WorldPlan {
    /// The town of load runs, unless one asks for another.
    pub(crate) const LOAD_SEED: u64 = 7;
    pub(crate) const LOAD_FENCES: u32 = 30_000;
    /// Each costs every person two grants before a load run can begin.
    pub(crate) const LOAD_MERCHANTS: u32 = 2;

    /// As `lay` writes it for a server and a load run walks in it: whoever comes in is told.
    pub(crate) const fn load(seed: u64, n_people: u32, n_fences: u32) -> Self {
        Self { seed, n_people, n_fences, n_merchants: Self::LOAD_MERCHANTS, talk: Talk::OnEnter }
    }
}

impl Default for WorldPlan {
    /// A town of 60 fences and 100 people in which something happens all the time.
    fn default() -> Self {
        Self { seed: 1, n_people: 100, n_fences: 60, n_merchants: 3, talk: Talk::Mixed }
    }
}

/// A town with what its merchants have to say.
pub(crate) struct World {
    pub(crate) town: Town,
    fences: Vec<Fence>,
    offers: Vec<Draft>,
}

impl World {
    /// A made-up city: streets, and stores along them.
    ///
    /// # Errors
    /// A sentence: what is wrong with the plan.
    pub(crate) fn lay(plan: &WorldPlan) -> Result<Self, String> {
        let town = Town::build(&fences::city(plan)).map_err(|flaw| flaw.text().to_owned())?;
        let fences = town.stores().iter().map(|store| fences::of_store(&town, store)).collect();
        Ok(Self::with(town, fences, plan.talk))
    }

    fn with(town: Town, fences: Vec<Fence>, talk: Talk) -> Self {
        let offers = catalogue::offers(&town, &fences, talk);
        Self { town, fences, offers }
    }

    /// As `engine::House` takes them, ascending by id.
    pub(crate) fn fences(&self) -> &[Fence] {
        &self.fences
    }

    /// As `offers::Catalogue` takes them.
    pub(crate) fn offers(&self) -> &[Draft] {
        &self.offers
    }

    /// The fences as a file that a server loads.
    pub(crate) fn geojson(&self) -> String {
        spatial_index::geojson::write(&self.fences)
    }

    /// The offers as a file that a server loads.
    pub(crate) fn offers_toml(&self) -> String {
        catalogue::toml(&self.offers)
    }

    pub(crate) fn oracle_fences(&self) -> Vec<oracle::Fence> {
        self.fences.iter().map(|fence| second::fence(fence, &|id| self.merchant_no(id))).collect()
    }

    pub(crate) fn oracle_offers(&self) -> Vec<oracle::Offer> {
        let merchant_no = |id: &MerchantId| self.merchant_no(id);
        self.offers.iter().map(|draft| second::offer(draft, &self.fences, &merchant_no)).collect()
    }

    fn merchant_no(&self, id: &MerchantId) -> Option<u32> {
        self.town.merchants().iter().position(|merchant| merchant.id == *id).map(|no| no as u32)
    }

    /// A person's names as the oracle takes them.
    pub(crate) fn oracle_person(&self, person: PersonNo) -> oracle::Person {
        let devices = vec![self.device(person).as_str().to_owned()];
        oracle::Person { name: self.customer(person).as_str().to_owned(), devices }
    }

    pub(crate) fn n_people(&self) -> u32 {
        self.town.people().len() as u32
    }

    pub(crate) fn customer(&self, person: PersonNo) -> &CustomerId {
        &self.town.people()[person.slot()].customer
    }

    pub(crate) fn device(&self, person: PersonNo) -> &DeviceId {
        &self.town.people()[person.slot()].device
    }

    pub(crate) fn merchant(&self, no: usize) -> &MerchantId {
        &self.town.merchants()[no].id
    }
}
