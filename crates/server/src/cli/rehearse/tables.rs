//! A rehearsal as tables, for a terminal or a file.

use std::io::{self, Write};

use indicatif::HumanCount;

use rehearsal::{Account, Count, Crew, OfferAccount, Script, faults};

/// Most offers that are told one by one; the rest stand in `--json`.
const N_OFFERS_MAX: usize = 40;
/// Most reasons of a row.
const N_REASONS: usize = 3;

pub(super) fn write(out: &mut impl Write, script: &Script, account: &Account) -> io::Result<()> {
    let total = account.total();
    writeln!(
        out,
        "{} people, {} days from Monday {}, seed {}; {} fences, {} offers",
        HumanCount(account.n_people() as u64),
        account.n_days,
        script.monday.text(),
        script.casting.seed,
        HumanCount(script.house.n_fences() as u64),
        HumanCount(script.house.catalogue().offers().len() as u64),
    )?;
    writeln!(
        out,
        "{} fixes, {} candidates, {} sent: {:.2} a person and week",
        HumanCount(account.n_fixes),
        HumanCount(total.n_candidates),
        HumanCount(total.n_sent),
        total.n_sent as f64 / account.n_people().max(1) as f64 / account.n_weeks(),
    )?;
    write_crews(out, account)?;
    write_offers(out, account)
}

fn write_crews(out: &mut impl Write, account: &Account) -> io::Result<()> {
    writeln!(out, "\n            people  a person and week:                   most")?;
    writeln!(out, "persona              visits  stays  candidates    sent  a week  why not")?;
    for crew in account.crews() {
        let a_week = |n: u64| n as f64 / crew.n_people as f64 / account.n_weeks();
        writeln!(
            out,
            "{:<10} {:>7} {:>7.1} {:>6.1} {:>11.1} {:>7.2} {:>7.2}  {}",
            crew.persona.word(),
            HumanCount(crew.n_people as u64).to_string(),
            a_week(crew.n_visits),
            a_week(crew.n_stays),
            a_week(crew.count.n_candidates),
            a_week(crew.count.n_sent),
            crew.most_sent as f64 / account.n_weeks(),
            reasons(&crew.count),
        )?;
    }
    account.crews().iter().filter_map(thin).try_for_each(|line| writeln!(out, "{line}"))
}

/// What a persona lacks.
fn thin(crew: &Crew) -> Option<String> {
    let wanted = crew.persona.n_places_wanted();
    let is_thin = crew.places_found + 0.05 < wanted as f64;
    is_thin.then(|| {
        format!(
            "note: {} wants {wanted} fences near each other and finds {:.1} here",
            crew.persona.word(),
            crew.places_found
        )
    })
}

fn write_offers(out: &mut impl Write, account: &Account) -> io::Result<()> {
    let offers = account.offers();
    let width = offers.iter().map(|offer| offer.id.as_str().len()).max().unwrap_or(0).clamp(10, 30);
    writeln!(out, "\n{:width$}  a week, of 1,000 people:", "")?;
    writeln!(out, "{:width$}  candidates    sent  held out  reached  opened  cost  why not", "offer")?;
    for offer in by_sent(&offers).into_iter().take(N_OFFERS_MAX) {
        let people = account.n_people() as f64;
        let a_week = |n: u64| n as f64 * 1_000.0 / people / account.n_weeks();
        let count = &offer.count;
        writeln!(
            out,
            "{:width$}  {:>10.1} {:>7.1} {:>9.1} {:>6.1} % {:>7} {:>5}  {}",
            offer.id.as_str(),
            a_week(count.n_candidates),
            a_week(count.n_sent),
            a_week(count.n_held_out),
            offer.n_reached as f64 * 100.0 / people,
            share(count.answers.of("opened"), count.n_sent),
            count.sent_points.checked_div(count.n_sent).map_or("-".into(), |points| points.to_string()),
            reasons(count),
        )?;
    }
    match offers.len().saturating_sub(N_OFFERS_MAX) {
        0 => Ok(()),
        n_more => writeln!(out, "and {n_more} more; --json has them all"),
    }
}

fn by_sent(offers: &[OfferAccount]) -> Vec<&OfferAccount> {
    let mut sorted: Vec<&OfferAccount> = offers.iter().collect();
    sorted.sort_by(|a, b| {
        b.count.n_sent.cmp(&a.count.n_sent).then(b.count.n_candidates.cmp(&a.count.n_candidates))
    });
    sorted
}

fn reasons(count: &Count) -> String {
    let told = count.verdicts.by_size().into_iter().take(N_REASONS);
    told.map(|(word, n)| format!("{word} {}", share(n, count.n_candidates))).collect::<Vec<_>>().join(", ")
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "-".into() } else { format!("{:.0} %", part as f64 * 100.0 / whole as f64) }
}

pub(super) fn write_faults(out: &mut impl Write, account: &Account) -> io::Result<()> {
    let offers = account.offers();
    let width = offers.iter().map(|offer| offer.id.as_str().len()).max().unwrap_or(0).clamp(10, 30);
    let told: Vec<_> = offers
        .iter()
        .map(|offer| (offer, faults(offer, account.limit)))
        .filter(|(_, faults)| !faults.is_empty())
        .collect();
    if told.is_empty() {
        return writeln!(out, "\nNo text or rule is at fault.");
    }
    writeln!(out, "\nat fault")?;
    for (offer, faults) in told.iter().take(N_OFFERS_MAX) {
        for (no, fault) in faults.iter().enumerate() {
            let name = if no == 0 { offer.id.as_str() } else { "" };
            writeln!(out, "{name:width$}  {}", fault.sentence)?;
        }
    }
    match told.len().saturating_sub(N_OFFERS_MAX) {
        0 => Ok(()),
        n_more => writeln!(out, "and {n_more} more offers; --json has them all"),
    }
}
