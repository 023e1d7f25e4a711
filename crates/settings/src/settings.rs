//! The settings file as a whole.

use std::path::{Path, PathBuf};

use consent_gate::GatePolicy;
use model::{Meters, Millis};
use notifier::NotifierPolicy;
use offers::Mode;
use presence::PresencePolicy;
use sensitive_places::Margins;

use crate::broker::read_broker;
use crate::law::read_law;
use crate::listener::{read_listener, read_users_file};
use crate::policies::{read_notifier, read_presence};
use crate::section::Section;
use crate::sheet::Sheet;
use crate::source::Source;
use crate::{
    BrokerSettings, LawSettings, ListenerSettings, Problem, Region, RetentionSettings, read_secret, retention,
};

/// Everything that an operator may set, checked.
///
/// The default is what `config/default.toml` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The listener inside the program.
    pub listener: ListenerSettings,
    /// An outside broker, when one is named.
    pub broker: Option<BrokerSettings>,
    /// Where topics begin.
    pub topic_prefix: String,
    /// Bounds of messages.
    pub limits: LimitSettings,
    /// Where the data lies.
    pub data: DataSettings,
    /// For how long it is kept.
    pub retention: RetentionSettings,
    /// How the work is spread.
    pub engine: EngineSettings,
    /// Which places are watched.
    pub fences: FenceSettings,
    /// Where nobody is followed to.
    pub sensitive: SensitiveSettings,
    /// The offers file.
    pub offers_file: Option<PathBuf>,
    /// What offers may be and do.
    pub offers: OfferSettings,
    /// How long consent lasts.
    pub gate: GatePolicy,
    /// Which law counts.
    pub law: LawSettings,
    /// What makes a visit.
    pub presence: PresencePolicy,
    /// When it is right to speak.
    pub notifier: NotifierPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listener: ListenerSettings::default(),
            broker: None,
            topic_prefix: "stile/v1".to_owned(),
            limits: LimitSettings::default(),
            data: DataSettings::default(),
            retention: RetentionSettings::default(),
            engine: EngineSettings::default(),
            fences: FenceSettings::default(),
            sensitive: SensitiveSettings::default(),
            offers_file: None,
            offers: OfferSettings::default(),
            gate: GatePolicy::default(),
            law: LawSettings::default(),
            presence: PresencePolicy::default(),
            notifier: NotifierPolicy::default(),
        }
    }
}

/// Bounds of messages; above a size a message is refused as `too_large` and the connection stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Bytes of a message with fixes of one device.
    pub fix_bytes_max: usize,
    /// Bytes of a consent event, and of feedback.
    pub consent_bytes_max: usize,
    /// Bytes of a batch.
    pub batch_bytes_max: usize,
    /// Bytes above which the listener hangs up.
    pub packet_bytes_max: usize,
    /// Fixes in one message of one device.
    pub n_fixes_max: usize,
    /// Fixes in one batch.
    pub n_batch_fixes_max: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            fix_bytes_max: 256 << 10,
            consent_bytes_max: 16 << 10,
            batch_bytes_max: 1 << 20,
            packet_bytes_max: 2 << 20,
            n_fixes_max: 1_000,
            n_batch_fixes_max: 10_000,
        }
    }
}

/// Where the data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSettings {
    /// The data directory; one running server owns it.
    pub dir: PathBuf,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self { dir: PathBuf::from("../data") }
    }
}

/// How the work is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineSettings {
    /// Threads that decide, each with its own share of the customers.
    pub n_shards: usize,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { n_shards: 1 }
    }
}

/// Which places are watched.
#[derive(Clone, Debug, PartialEq)]
pub struct FenceSettings {
    /// The GeoJSON file.
    pub file: Option<PathBuf>,
    /// The command that makes it and the offers' file, where people do not write them.
    pub made_by: Option<String>,
    /// Where they are expected to lie.
    pub region: Option<Region>,
    /// Leaves bad features out instead of refusing the file.
    pub skip_invalid: bool,
    /// How many versions of the set are kept to go back to.
    pub versions_kept: usize,
}

impl Default for FenceSettings {
    fn default() -> Self {
        Self { file: None, made_by: None, region: None, skip_invalid: false, versions_kept: 20 }
    }
}

/// Where nobody is followed to.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SensitiveSettings {
    /// The GeoJSON file of the places.
    pub file: Option<PathBuf>,
    /// Where they are expected to lie.
    pub region: Option<Region>,
    /// How far their zones reach.
    pub margins: Margins,
}

/// What offers may be and do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OfferSettings {
    /// Of all of them; an offer's own mode can only be more careful.
    pub mode: Mode,
    /// Lets offers be about what people are judged by.
    pub delicate_categories: bool,
}

/// Reads a settings file; its paths are then relative to the working directory.
///
/// # Errors
/// Everything that is wrong with it and with the users and secrets that it names.
pub fn load(file: &Path) -> Result<Settings, Vec<Problem>> {
    load_with(file, false)
}

/// Reads a settings file, with `insecure_listen` as if the file had set it.
///
/// # Errors
/// As [`load`].
pub fn load_with(file: &Path, insecure_listen: bool) -> Result<Settings, Vec<Problem>> {
    let source = Source::open(file)?;
    let mut problems = Vec::new();
    let mut settings = read(&source, insecure_listen, &mut problems);
    settings.resolve(file.parent().unwrap_or_else(|| Path::new("")));
    settings.read_secrets(&mut problems);
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

impl Settings {
    /// Settings from a text; paths stay as written and no other file is opened.
    ///
    /// # Errors
    /// Everything that is wrong with the text, under the file's name.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let source = Source::new(file, text.to_owned());
        let mut problems = Vec::new();
        let settings = read(&source, false, &mut problems);
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// The command that makes a file which these settings name, when it is one that people do not write.
    #[must_use]
    pub fn maker_of(&self, file: &Path) -> Option<&str> {
        let is_made = [&self.fences.file, &self.offers_file].into_iter().flatten().any(|made| made == file);
        self.fences.made_by.as_deref().filter(|_| is_made)
    }

    /// Makes every path relative to a folder, the settings file's own.
    fn resolve(&mut self, folder: &Path) {
        let mut paths = vec![&mut self.data.dir];
        paths.extend(&mut self.fences.file);
        paths.extend(&mut self.sensitive.file);
        paths.extend(&mut self.offers_file);
        paths.extend(&mut self.law.rules_file);
        paths.extend(&mut self.listener.users_file);
        paths.extend(self.broker.as_mut().and_then(|broker| broker.password_file.as_mut()));
        for path in paths {
            *path = folder.join(&*path);
        }
    }

    fn read_secrets(&mut self, problems: &mut Vec<Problem>) {
        if let Some(file) = &self.listener.users_file
            && let Err(wrong) = read_users_file(file, &mut self.listener.users)
        {
            problems.extend(wrong);
        }
        if let Some(broker) = &mut self.broker
            && let Some(file) = &broker.password_file
        {
            match read_secret(file) {
                Ok(password) => broker.password = Some(password),
                Err(wrong) => problems.extend(wrong),
            }
        }
    }
}

fn read(source: &Source, insecure_listen: bool, problems: &mut Vec<Problem>) -> Settings {
    let (document, wrong) = source.parse();
    let Some(document) = document else {
        problems.extend(wrong);
        return Settings::default();
    };
    let sheet = Sheet::new(source, wrong);
    let settings = read_root(&sheet.root(&document), insecure_listen);
    problems.extend(sheet.finish());
    settings
}

fn read_root(root: &Section<'_>, insecure_listen: bool) -> Settings {
    let default = Settings::default();
    let consent = root.section("consent");
    let listener = root.section("listener");
    let offers = root.section("offers");
    let settings = Settings {
        listener: read_listener(&listener, insecure_listen),
        broker: read_broker(&root.section("broker")),
        topic_prefix: read_prefix(&root.section("topics"), default.topic_prefix),
        limits: read_limits(&root.section("limits")),
        data: DataSettings {
            dir: root.section("data").path("dir").map_or(default.data.dir, |dir| dir.value),
        },
        retention: retention::read(&root.section("retention")),
        engine: EngineSettings {
            n_shards: root.section("engine").count("shards", 1..=64, default.engine.n_shards),
        },
        fences: read_fences(&root.section("fences")),
        sensitive: read_sensitive(&root.section("sensitive")),
        offers_file: offers.path("file").map(|file| file.value),
        offers: read_offers(&offers),
        gate: read_gate(&consent, &default.gate),
        law: read_law(root, &consent),
        presence: read_presence(&root.section("presence")),
        notifier: read_notifier(&root.section("notifier")),
    };
    if !settings.listener.enabled && settings.broker.is_none() {
        let reason = "is false and no broker is named, so nothing can arrive";
        let hint = "name a host in [broker], or leave enabled out".to_owned();
        listener.wrong("enabled", listener.bytes(), reason, Some(hint));
    }
    settings
}

fn read_gate(section: &Section<'_>, default: &GatePolicy) -> GatePolicy {
    let lasts = || Millis::from_days(1)..=Millis::from_days(5 * 365);
    let hours = Millis::from_hours(1)..=Millis::from_days(30);
    let grant_lasts = section.span("grant_lasts", lasts(), default.grant_lasts);
    GatePolicy {
        grant_lasts,
        location_lasts: section.span("location_lasts", lasts(), default.location_lasts.min(grant_lasts)),
        tcf_lasts: section.span("tcf_lasts", lasts(), default.tcf_lasts),
        remind_before: section.span("remind_before", lasts(), default.remind_before),
        token_lasts: section.span("token_lasts", hours, default.token_lasts),
        needs_home: default.needs_home,
    }
}

fn read_limits(section: &Section<'_>) -> LimitSettings {
    let default = LimitSettings::default();
    // Less than 1 KiB would refuse an honest consent event; more than 16 MiB is no message.
    let bytes = 1 << 10..=16_usize << 20;
    let limits = LimitSettings {
        fix_bytes_max: section.count("fix_bytes_max", bytes.clone(), default.fix_bytes_max),
        consent_bytes_max: section.count("consent_bytes_max", bytes.clone(), default.consent_bytes_max),
        batch_bytes_max: section.count("batch_bytes_max", bytes.clone(), default.batch_bytes_max),
        packet_bytes_max: section.count("packet_bytes_max", bytes, default.packet_bytes_max),
        n_fixes_max: section.count("fixes_max", 1..=100_000, default.n_fixes_max),
        n_batch_fixes_max: section.count("batch_fixes_max", 1..=1_000_000, default.n_batch_fixes_max),
    };
    let largest = limits.fix_bytes_max.max(limits.consent_bytes_max).max(limits.batch_bytes_max);
    if limits.packet_bytes_max <= largest {
        let reason = format!("is {}; it must be above the other sizes", limits.packet_bytes_max);
        section.wrong("packet_bytes_max", section.bytes_of("packet_bytes_max"), reason, None);
    }
    limits
}

fn read_fences(section: &Section<'_>) -> FenceSettings {
    let default = FenceSettings::default();
    FenceSettings {
        file: section.path("file").map(|file| file.value),
        made_by: section.text("made_by").map(|command| command.value),
        region: read_region(section),
        skip_invalid: section.flag("skip_invalid", default.skip_invalid),
        versions_kept: section.count("versions_kept", 2..=1_000, default.versions_kept),
    }
}

fn read_region(section: &Section<'_>) -> Option<Region> {
    let corners = section.numbers::<4>("region", "lat_min, lat_max, lng_min, lng_max")?;
    let region = Region::new(corners.value);
    region.map_err(|reason| section.wrong("region", corners.bytes, reason, None)).ok()
}

/// More metres than this round a place would hide a town.
const MARGIN_MAX_M: f64 = 2_000.0;

fn read_sensitive(section: &Section<'_>) -> SensitiveSettings {
    let least = Margins::default();
    // Either can only be raised: less would let fixes through that belong to nobody.
    let raised = |key, least: Meters| Meters(section.number(key, least.0..=MARGIN_MAX_M, least.0));
    SensitiveSettings {
        file: section.path("file").map(|file| file.value),
        region: read_region(section),
        margins: Margins {
            buffer: raised("buffer_m", least.buffer),
            accuracy_cap: raised("accuracy_cap_m", least.accuracy_cap),
        },
    }
}

fn read_offers(section: &Section<'_>) -> OfferSettings {
    let default = OfferSettings::default();
    let modes = Mode::ALL.map(|mode| (mode.word(), mode));
    OfferSettings {
        mode: section.word("mode", &modes, default.mode),
        delicate_categories: section.flag("delicate_categories", default.delicate_categories),
    }
}

/// Longest topic prefix, in bytes.
const PREFIX_LEN_MAX: usize = 64;

fn read_prefix(section: &Section<'_>, default: String) -> String {
    let prefix = section.read("prefix", |text| {
        let level_is_fine = |level: &str| {
            !level.is_empty() && level.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        if PREFIX_LEN_MAX < text.len() {
            return Err(format!("is longer than {PREFIX_LEN_MAX} bytes"));
        }
        if !text.split('/').all(level_is_fine) {
            return Err(format!("is {text:?}; it must be levels of A-Z, a-z, 0-9, _ and - with / between"));
        }
        Ok(text.to_owned())
    });
    prefix.map_or(default, |prefix| prefix.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `config/default.toml`, with the keys that stand behind a "#" put in force.
    fn whole() -> Source {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/default.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let uncommented = text.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || is_key_line(rest) => rest,
            Some(_) | None => line,
        });
        Source::new(&file, uncommented.collect::<Vec<_>>().join("\n"))
    }

    fn is_key_line(line: &str) -> bool {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }

    #[test]
    fn every_key_that_is_known_is_explained_in_the_default_file() {
        let source = whole();
        let (document, problems) = source.parse();
        assert_eq!(problems, []);
        let document = document.unwrap();
        let sheet = Sheet::new(&source, problems);
        read_root(&sheet.root(&document), false);
        for key in sheet.known_keys() {
            let mut item = document.as_item();
            for part in key.split('.') {
                let table = item.as_array_of_tables().and_then(|tables| tables.get(0));
                let found = table.map_or_else(|| item.get(part), |table| table.get(part));
                item = found.unwrap_or_else(|| panic!("config/default.toml does not explain {key}"));
            }
        }
        assert_eq!(sheet.finish(), []);
    }
}
