//! What operators write, turned into checked values: the settings file, the offers file, the rules file.
//!
//! A file is read as far as it can be and everything wrong with it is reported at once,
//! each with file, line, reason and the nearest right name. Nothing half right comes out.

mod broker;
mod law;
mod listener;
mod nearest;
mod offers_file;
mod policies;
mod problem;
mod region;
mod retention;
mod rules_file;
mod secret;
mod section;
mod settings;
mod sheet;
mod source;
mod span;
mod week;

pub use broker::{BrokerSettings, Protocol};
pub use law::LawSettings;
pub use listener::{ListenerSettings, Role, Secret, User};
pub use nearest::nearest;
pub use offers_file::{OffersFile, unreadable_hours};
pub use problem::{Place, Problem, Shown};
pub use region::Region;
pub use retention::RetentionSettings;
pub use rules_file::RulesFile;
pub use secret::{SecretText, read_secret};
pub use settings::{
    DataSettings, EngineSettings, FenceSettings, LimitSettings, OfferSettings, SensitiveSettings, Settings,
    load, load_with,
};
pub use span::parse_span;
