//! `stile customer profile`: what binds a customer whatever they say.

use std::process::ExitCode;

use model::Jurisdiction;
use serde_json::{Map, Value};

use crate::cli::data::{Data, customer};
use crate::cli::report::Failure;
use crate::officer::Question;
use crate::officer::profiles::Known;

/// Notes what staff know of a customer.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct Args {
    /// The customer's id.
    #[arg(value_parser = customer)]
    customer: String,
    /// Whether they are not of age; then nothing of theirs is looked at, whatever was agreed to.
    #[arg(long, value_name = "true|false", group = "what")]
    minor: Option<bool>,
    /// Where they live, such as US-WA (ISO 3166); `any` when nobody knows.
    #[arg(long, value_name = "PLACE", value_parser = place, group = "what")]
    residence: Option<String>,
    /// Where their phone number is from; `any` when nobody knows.
    #[arg(long, value_name = "PLACE", value_parser = place, group = "what")]
    phone_region: Option<String>,
    #[command(flatten)]
    data: Data,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What clears a place.
const ANY: &str = "any";

fn place(text: &str) -> Result<String, String> {
    match Jurisdiction::new(text) {
        _ if text == ANY => Ok(text.to_owned()),
        Ok(place) => Ok(place.as_str().to_owned()),
        Err(flaw) => Err(format!("it {}", flaw.text())),
    }
}

pub(super) fn profile(args: &Args) -> Result<ExitCode, Failure> {
    let place = |text: &String| if text == ANY { Value::Null } else { text.as_str().into() };
    let parts = [
        ("minor", args.minor.map(Value::from)),
        ("residence", args.residence.as_ref().map(place)),
        ("phone_region", args.phone_region.as_ref().map(place)),
    ];
    let parts = parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let known = Known { customer: args.customer.clone(), parts: parts.collect::<Map<_, _>>() };
    let answer = args.data.open()?.officer(Question::CustomerProfile(known))?;
    if args.json {
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    let place = |key: &str| answer[key].as_str().unwrap_or("not known").to_owned();
    println!(
        "not of age     {}",
        if answer["minor"] == true { "yes: nothing of theirs is looked at" } else { "no" }
    );
    println!("residence      {}", place("residence"));
    println!("phone region   {}", place("phone_region"));
    Ok(ExitCode::SUCCESS)
}
