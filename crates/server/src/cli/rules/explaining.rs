//! `stile rules explain`: which rules bind in a case, why, and what follows from them.

use std::io::{self, Write as _};
use std::process::ExitCode;

use chrono::{DateTime, Datelike as _};
use consent_gate::rules::{Bound, Reason, RingNeeded, Role};
use consent_gate::{Binding, OptIn, Purpose};
use engine::Law;
use model::{FenceFacts, Jurisdiction, MerchantId, Millis, Profile, Timestamp, Weekday};
use serde_json::{Map, Value, json};
use settings::{Problem, Settings};

use super::{Asked, listing, stdout_failed};
use crate::cli::report::Failure;
use crate::cli::serve::law_of;
use crate::fence_files::{self, FenceOptions};

/// Which rules bind, and what follows.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,
    /// Where the customer lives, such as US-WA; the settings' default_residence without it
    #[arg(long, value_name = "PLACE", value_parser = place)]
    customer_in: Option<Jurisdiction>,
    /// Where their number is from
    #[arg(long, value_name = "PLACE", value_parser = place)]
    phone_region: Option<Jurisdiction>,
    /// Whose offer it is: the seat of the merchant counts; the fence's merchant without it
    #[arg(long, value_name = "ID", value_parser = merchant)]
    merchant: Option<MerchantId>,
    /// The fence, by its id
    #[arg(long, value_name = "ID")]
    fence: Option<String>,
    /// Tells only this purpose's style of opt-in and how long its consent lasts
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    purpose: Option<Purpose>,
}

fn place(text: &str) -> Result<Jurisdiction, String> {
    Jurisdiction::new(text).map_err(|flaw| flaw.text().to_owned())
}

fn merchant(text: &str) -> Result<MerchantId, String> {
    MerchantId::new(text).map_err(|flaw| flaw.text().to_owned())
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let words: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.word()).collect();
    Purpose::from_word(text).ok_or_else(|| format!("is none of {}", words.join(", ")))
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let now = args.asked.now();
    let (settings, rules) = args.asked.settings()?;
    let law = law_of(&settings, &rules);
    let fence = args.fence.as_deref().map(|id| find_fence(args, &settings, id)).transpose()?;
    let profile =
        Profile { residence: args.customer_in, phone_region: args.phone_region, ..Profile::default() };
    if law.residence(&profile).is_none() {
        let problem = settings.without_residence(&args.asked.config);
        return Err(problem
            .map_or_else(Vec::new, |it| vec![it.with_hint("say --customer-in, or set it")])
            .into());
    }
    let seller = args.merchant.clone().or_else(|| fence.as_ref()?.merchant.clone());
    let case = Case { args, settings: &settings, law: &law, profile: &profile, fence: fence.as_ref(), now };
    let binding = law.binding(&profile, seller.as_ref(), fence.as_ref(), now);
    let places: Vec<_> = law.whereabouts(&profile, seller.as_ref(), fence.as_ref()).places().collect();
    let mut out = io::stdout().lock();
    let told = match args.asked.json {
        true => writeln!(out, "{}", case.json(&binding, &places)),
        false => case.tell(&mut out, &binding, &places),
    };
    told.map_or_else(stdout_failed, |()| Ok(ExitCode::SUCCESS))
}

fn find_fence(args: &Args, settings: &Settings, id: &str) -> Result<FenceFacts, Failure> {
    let none = |reason: String| Failure::from(vec![Problem::of_file(&args.asked.config, reason)]);
    let file = settings.fences.file.as_ref().ok_or_else(|| none("names no fences".to_owned()))?;
    let options = FenceOptions {
        skip_invalid: settings.fences.skip_invalid,
        region: settings.fences.region,
        is_quiet: args.asked.json,
    };
    let loaded = fence_files::load(file, options)?;
    let found = loaded.fences.into_iter().map(|fence| fence.facts).find(|facts| facts.id.as_str() == id);
    found.ok_or_else(|| vec![Problem::of_file(file, format!("has no fence {id:?}"))].into())
}

/// What was asked.
struct Case<'a> {
    args: &'a Args,
    settings: &'a Settings,
    law: &'a Law,
    profile: &'a Profile,
    fence: Option<&'a FenceFacts>,
    now: Timestamp,
}

impl Case<'_> {
    fn tell(
        &self,
        out: &mut impl io::Write,
        binding: &Binding<'_>,
        places: &[(Role, Jurisdiction)],
    ) -> io::Result<()> {
        writeln!(out, "Whose law counts")?;
        for (role, place) in places {
            let is_default = *role == Role::Residence && self.profile.residence.is_none();
            let why = if is_default { " (default_residence of the settings)" } else { "" };
            writeln!(out, "  {} {place}{why}", role.text())?;
        }
        writeln!(out, "\nRules that bind")?;
        for bound in binding.why() {
            writeln!(out, "  {:<10} {}", bound.rule.id, bound.rule.what)?;
            writeln!(out, "             {}", listing::standing(bound.rule, self.now))?;
            writeln!(out, "             {}", because(bound))?;
        }
        writeln!(out, "\nWhat follows")?;
        for (what, value) in self.decisions(binding) {
            writeln!(out, "  {what:<32} {value}")?;
        }
        Ok(())
    }

    /// Each decision in words.
    fn decisions(&self, binding: &Binding<'_>) -> Vec<(String, String)> {
        let mut told = Vec::new();
        let mut tell = |what: &str, value: String| told.push((what.to_owned(), value));
        for purpose in self.purposes() {
            let style = match binding.opt_in(purpose) {
                OptIn::Single => "one yes",
                OptIn::Double => "a yes that is confirmed over a second channel",
            };
            let lasts = self.grant_lasts(binding, purpose);
            let is_most = purpose.is_to_see() || binding.grant_lasts_max(purpose).is_some();
            let most = if is_most { "at most unless given anew" } else { "unless it names another end" };
            let gpc = if binding.gpc_lowers(purpose) { ", until Global Privacy Control says no" } else { "" };
            tell(purpose.word(), format!("{style}, for {lasts} {most}{gpc}"));
        }
        tell("text messages", binding.sms_hours().to_string());
        for (zone, day, hours) in self.today(binding) {
            tell(&format!("  today, {} in {zone}", day.word()), hours.map_or("none".to_owned(), span));
        }
        if let Some(max) = binding.sms_per_24h_max() {
            tell("text messages in 24 hours", format!("{max} at most"));
        }
        for (category, ring) in rings(binding) {
            tell(&format!("fences round {category} places"), ring_in_words(&ring));
        }
        if let Some(within) = binding.sale_banned_within() {
            tell("positions exact to", format!("{} m may not be sold; none ever is", within.0));
        }
        tell("nobody below", format!("{} years", binding.age_min()));
        if 0 < binding.guardian_under() {
            tell("a guardian says yes below", format!("{} years", binding.guardian_under()));
        }
        if let Some(within) = binding.answer_within() {
            tell("a customer's request is done in", within.to_string());
        }
        if let Some(within) = binding.breach_within() {
            tell("a breach is told in", within.to_string());
        }
        if binding.is_filled() {
            tell("strict", "gaps of places without rules are filled by the strictest of all".to_owned());
        }
        told
    }

    fn json(&self, binding: &Binding<'_>, places: &[(Role, Jurisdiction)]) -> Value {
        let whose =
            places.iter().map(|(role, place)| json!({ "role": role.word(), "place": place.as_str() }));
        let rules = binding.why().iter().map(|bound| {
            let mut rule = listing::as_json(bound.rule, self.now);
            rule["because"] = bound.because.iter().map(reason_as_json).collect();
            rule
        });
        let opt_in: Map<String, Value> = self
            .purposes()
            .map(|purpose| {
                let style = match binding.opt_in(purpose) {
                    OptIn::Single => "single",
                    OptIn::Double => "double",
                };
                let lasts_h = self.grant_lasts(binding, purpose).secs() / 3_600;
                let gpc = binding.gpc_lowers(purpose);
                (purpose.word().to_owned(), json!({ "opt_in": style, "lasts_h": lasts_h, "gpc_lowers": gpc }))
            })
            .collect();
        let today = self
            .today(binding)
            .into_iter()
            .map(|(zone, day, hours)| json!({ "zone": zone, "day": day.word(), "hours": hours.map(span) }));
        let rings: Map<String, Value> = rings(binding)
            .into_iter()
            .map(|(category, ring)| {
                let (perimeter, centre) = (ring.from_perimeter.map(|m| m.0), ring.from_centre.map(|m| m.0));
                let ring =
                    json!({ "perimeter_m": perimeter, "centre_m": centre, "own_allowed": ring.own_allowed });
                (category, ring)
            })
            .collect();
        let hours = |span: Option<Millis>| span.map(|span| span.secs() / 3_600);
        json!({
            "at_ms": self.now.unix_ms(),
            "fence": self.fence.map(|fence| fence.id.as_str()),
            "strict": self.law.rules.is_strict(),
            "where": whose.collect::<Vec<_>>(),
            "rules": rules.collect::<Vec<_>>(),
            "decisions": {
                "purposes": opt_in,
                "sms_hours": binding.sms_hours().to_string(),
                "sms_today": today.collect::<Vec<_>>(),
                "sms_per_24h_max": binding.sms_per_24h_max(),
                "rings": rings,
                "sale_banned_m": binding.sale_banned_within().map(|m| m.0),
                "age_min": binding.age_min(),
                "guardian_under": binding.guardian_under(),
                "answer_within_h": hours(binding.answer_within()),
                "breach_within_h": hours(binding.breach_within()),
                "filled": binding.is_filled(),
            },
        })
    }

    fn purposes(&self) -> impl Iterator<Item = Purpose> {
        let only = self.args.purpose;
        Purpose::ALL.into_iter().filter(move |purpose| only.is_none_or(|only| only == *purpose))
    }

    fn grant_lasts(&self, binding: &Binding<'_>, purpose: Purpose) -> Millis {
        let policy = &self.settings.gate;
        let ours = if purpose.is_to_see() { policy.location_lasts } else { policy.grant_lasts };
        binding.grant_lasts_max(purpose).map_or(ours, |law| law.min(ours))
    }

    /// What is left of today for text messages, on each clock that may hang in the store.
    fn today(&self, binding: &Binding<'_>) -> Vec<Today> {
        let Some(fence) = self.fence else { return Vec::new() };
        let known = fence.tz.as_deref().and_then(notifier::zone);
        let of_country = || fence.country.as_deref().map_or_else(Vec::new, notifier::zones_of_country);
        let zones = known.map_or_else(of_country, |zone| vec![zone]);
        let today = |zone: chrono_tz::Tz| {
            let there = DateTime::from_timestamp_millis(self.now.unix_ms())?.with_timezone(&zone);
            let day = Weekday::ALL[there.weekday().num_days_from_monday() as usize];
            Some((zone.name(), day, binding.sms_window(day)))
        };
        zones.into_iter().filter_map(today).collect()
    }
}

/// The name of a zone, which day it is there, and the minutes of it that are left to text messages.
type Today = (&'static str, Weekday, Option<(u16, u16)>);

/// Every kind of place that some rule that binds has a distance for.
fn rings(binding: &Binding<'_>) -> Vec<(String, RingNeeded)> {
    let bound = binding.why().iter().filter_map(|bound| bound.rule.demands.ring.as_ref());
    let mut categories: Vec<&str> = bound.flat_map(|ring| ring.categories.iter().map(|it| &**it)).collect();
    categories.sort_unstable();
    categories.dedup();
    categories
        .into_iter()
        .filter_map(|category| Some((category.to_owned(), binding.ring(category)?)))
        .collect()
}

fn ring_in_words(ring: &RingNeeded) -> String {
    let distances = [(ring.from_perimeter, "edge"), (ring.from_centre, "middle")];
    let distances = distances.into_iter().filter_map(|(distance, from)| Some((distance?, from)));
    let said: Vec<String> =
        distances.map(|(distance, from)| format!("{} m from its {from}", distance.0)).collect();
    let own = if ring.own_allowed { ", but for whose place it is" } else { "" };
    format!("none within {}{own}", said.join(" and "))
}

fn span((from, until): (u16, u16)) -> String {
    format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
}

fn because(bound: &Bound<'_>) -> String {
    if bound.because.is_empty() {
        return "because it holds everywhere".to_owned();
    }
    let of_place = |reason: &Reason| {
        let unknown = if reason.is_part_unknown { ", and nobody knows in which part" } else { "" };
        format!("{} {}{unknown}", reason.role.text(), reason.place)
    };
    format!("because {}", bound.because.iter().map(of_place).collect::<Vec<_>>().join("; "))
}

fn reason_as_json(reason: &Reason) -> Value {
    json!({ "role": reason.role.word(), "place": reason.place.as_str(), "part_unknown": reason.is_part_unknown })
}
