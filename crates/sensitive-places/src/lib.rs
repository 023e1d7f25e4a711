//! Places that nobody is followed to: hospitals, shelters, places of worship and their like.
//!
//! Two things follow from such a place:
//!
//! - Its **hard zone** ([`Zones`]): the footprint, a buffer, and the accuracy of the fix. A fix inside is
//!   dropped before it is compared with any fence. Asked beside the fences, for every position.
//! - Its **ring** ([`Rings`]): where a law forbids fences round it. A fence that captures the place is
//!   refused; an ordinary store's that lies within is marked, and keeps more still than others.
//!
//! Places come from a GeoJSON file ([`read`]), read by the reader that reads fences. The room knows no
//! customers, no time and no files.

mod category;
mod gap;
mod grid;
mod labels;
mod laws;
mod place;
mod reading;
mod rings;
mod whole;
mod zones;

pub use category::Category;
pub use laws::{MeasuredFrom, RingLaw};
pub use place::Place;
pub use reading::{Loaded, PlaceFlaw, PlaceReason, ReadError, read};
pub use rings::{Rings, Standing};
pub use whole::{BuildError, SensitivePlaces};
pub use zones::{Asked, Margins, Zones};
