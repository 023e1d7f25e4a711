//! The reason that a customer reads below an offer.

use model::{FenceFacts, MerchantId, TransitionKind};

/// Why this customer gets this offer, in the language of its text where Stile speaks it, else in English.
pub(crate) fn reason(
    tag: Option<&str>,
    trigger: TransitionKind,
    merchant: &MerchantId,
    fence: &FenceFacts,
) -> String {
    let (merchant, store) = (merchant.as_str(), &fence.name);
    let primary = tag.and_then(|tag| tag.split('-').next()).unwrap_or_default();
    match primary {
        "de" => {
            let what = match trigger {
                TransitionKind::Dwell => format!("waren einige Minuten bei {store}"),
                TransitionKind::Enter => format!("kamen zu {store}"),
                TransitionKind::Exit => format!("waren bei {store}"),
                TransitionKind::Cross => format!("kamen an {store} vorbei"),
            };
            format!("Sie haben {merchant} um Angebote in der N\u{e4}he seiner L\u{e4}den gebeten und {what}.")
        }
        "fr" => {
            let what = match trigger {
                TransitionKind::Dwell => format!("avez pass\u{e9} quelques minutes \u{e0} {store}"),
                TransitionKind::Enter => format!("\u{ea}tes venu \u{e0} {store}"),
                TransitionKind::Exit => format!("\u{e9}tiez \u{e0} {store}"),
                TransitionKind::Cross => format!("\u{ea}tes pass\u{e9} par {store}"),
            };
            format!(
                "Vous avez demand\u{e9} \u{e0} {merchant} des offres pr\u{e8}s de ses magasins et {what}."
            )
        }
        "es" => {
            let what = match trigger {
                TransitionKind::Dwell => format!("pas\u{f3} unos minutos en {store}"),
                TransitionKind::Enter => format!("lleg\u{f3} a {store}"),
                TransitionKind::Exit => format!("estuvo en {store}"),
                TransitionKind::Cross => format!("pas\u{f3} por {store}"),
            };
            format!("Usted pidi\u{f3} a {merchant} ofertas cerca de sus tiendas y {what}.")
        }
        _ => {
            let what = match trigger {
                TransitionKind::Dwell => format!("spent some minutes at {store}"),
                TransitionKind::Enter => format!("came to {store}"),
                TransitionKind::Exit => format!("were at {store}"),
                TransitionKind::Cross => format!("passed {store}"),
            };
            format!("You asked {merchant} for offers near its stores, and {what}.")
        }
    }
}
