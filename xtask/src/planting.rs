//! Plants one fault after the other and runs what must find it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::bed::{Bed, Run};
use crate::plants::{LIST, Plant, plants};

/// How a fault was found.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    seed: Option<u64>,
    sentence: String,
}

/// Plants the named faults, or all, tells what became of each, and answers whether all were found.
///
/// Every command is run without any fault first: what complains about nothing finds nothing.
///
/// # Errors
/// A sentence when there is no such fault, or a command fails without one.
pub fn plant(root: &Path, names: &[String]) -> Result<bool, String> {
    let list = fs::read_to_string(root.join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    let plants = chosen(plants(&list)?, names)?;
    let bed = Bed::lay(root)?;
    let commands: BTreeMap<&str, &str> =
        plants.iter().rev().map(|plant| (&*plant.command, &*plant.name)).collect();
    for (command, name) in commands {
        let run = bed.run(command, &format!("{name}-without"))?;
        println!("nothing planted: `{command}` ended with {} after {:.1} s", code(&run), run.secs);
        if run.code != Some(0) {
            return Err(format!("`{command}` fails without any fault, so it proves nothing"));
        }
    }
    let mut rows = Vec::new();
    for plant in &plants {
        let (row, is_found) = try_one(&bed, plant)?;
        println!("{row}");
        rows.push((row, is_found));
    }
    println!("\n| plant | what it breaks | found | seconds | seed | by |\n|---|---|---|---|---|---|");
    rows.iter().for_each(|(row, _)| println!("{row}"));
    Ok(rows.iter().all(|(_, is_found)| *is_found))
}

fn chosen(plants: Vec<Plant>, names: &[String]) -> Result<Vec<Plant>, String> {
    if let Some(name) = names.iter().find(|name| plants.iter().all(|plant| plant.name != **name)) {
        let known: Vec<&str> = plants.iter().map(|plant| &*plant.name).collect();
        return Err(format!("{LIST}: there is no {name}; there are {}", known.join(", ")));
    }
    Ok(plants.into_iter().filter(|plant| names.is_empty() || names.contains(&plant.name)).collect())
}

fn try_one(bed: &Bed, plant: &Plant) -> Result<(String, bool), String> {
    bed.plant(plant)?;
    let run = bed.run(&plant.command, &plant.name);
    bed.weed(plant)?;
    let (secs, found) = match run {
        Ok(run) => (run.secs, finding(plant, &run)),
        Err(why) => (0.0, Err(why)),
    };
    let (is_found, seed, sentence) = match &found {
        Ok(Finding { seed, sentence }) => {
            ("yes", seed.map_or_else(|| "-".to_owned(), |seed| seed.to_string()), sentence)
        }
        Err(why) => ("NO", "-".to_owned(), why),
    };
    let Plant { name, breaks, .. } = plant;
    Ok((format!("| {name} | {breaks} | {is_found} | {secs:.1} | {seed} | {sentence} |"), found.is_ok()))
}

fn code(run: &Run) -> String {
    run.code.map_or_else(|| "no code".to_owned(), |code| code.to_string())
}

/// Looks for the sentence by which the command must have found the fault.
fn finding(plant: &Plant, run: &Run) -> Result<Finding, String> {
    // A test that fails ends `cargo test` with 101; a violation ends the simulator with 1.
    let expected = if plant.command.starts_with("cargo") { 101 } else { 1 };
    if run.code != Some(expected) {
        return Err(format!("`{}` ended with {} and not with {expected}", plant.command, code(run)));
    }
    let mut lines = run.said.lines().skip_while(|line| !line.contains(&plant.says)).map(str::trim);
    let line = lines.next().ok_or_else(|| format!("`{}` did not say {}", plant.command, plant.says))?;
    // The simulator says on one line whose law was broken, and how on the next.
    let how =
        lines.next().filter(|_| line.ends_with(&plant.says)).map_or(String::new(), |how| format!(": {how}"));
    Ok(Finding { seed: seed(line), sentence: format!("{line}{how}") })
}

/// The first number after the word seed.
fn seed(text: &str) -> Option<u64> {
    text.match_indices("seed").find_map(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches([' ', ':', '=', '"']);
        let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..n_digits].parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plant(command: &str) -> Plant {
        let list = format!(
            "[[plant]]\nname = \"cap\"\nbreaks = \"The cap.\"\nfile = \"a.rs\"\nfind = \"a\"\n\
             command = \"{command}\"\nsays = \"caps_hold\""
        );
        plants(&list).unwrap().remove(0)
    }

    fn check(command: &str, code: i32, said: &str, found: Option<(Option<u64>, &str)>) {
        let run = Run { code: Some(code), said: said.to_owned(), secs: 0.0 };
        let expected = found.map(|(seed, sentence)| Finding { seed, sentence: sentence.to_owned() });
        assert_eq!(finding(&plant(command), &run).ok(), expected, "{said}");
    }

    #[test]
    fn a_fault_is_found_by_the_right_code_and_the_right_word() {
        let said = "seed 7: not_mute\n  nothing\nseed 8, customer c1: caps_hold\n  two in a day\n  1 c1\n";
        check("simulator virtual", 1, said, Some((Some(8), "seed 8, customer c1: caps_hold: two in a day")));
        check("simulator virtual", 0, said, None);
        check("simulator virtual", 1, "seed 7: not_mute", None);
        check(
            "cargo test -p store",
            101,
            "test caps_hold ... FAILED",
            Some((None, "test caps_hold ... FAILED")),
        );
        check("cargo test -p store", 1, said, None);
    }

    #[test]
    fn a_fault_that_nobody_knows_is_told() {
        let plants = vec![plant("simulator virtual")];
        assert_eq!(chosen(plants.clone(), &["cap".to_owned()]).unwrap().len(), 1);
        assert_eq!(chosen(plants.clone(), &[]).unwrap().len(), 1);
        assert!(chosen(plants, &["cup".to_owned()]).unwrap_err().contains("there is no cup; there are cap"));
    }
}
