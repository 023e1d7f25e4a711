//! Faults made by hand, to see that what judges us finds them: `simulator/plants.toml`.

use toml_edit::{Document, Table};

use crate::Tree;

/// Where the list stands.
pub(crate) const LIST: &str = "simulator/plants.toml";

/// One fault, and who must find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plant {
    /// Its name.
    pub(crate) name: String,
    /// What it breaks, in one sentence.
    pub(crate) breaks: String,
    /// The file that it is planted in.
    pub(crate) file: String,
    find: String,
    replace: String,
    /// The command that must find it: `simulator …` or `cargo test …`.
    pub(crate) command: String,
    /// A word of the sentence by which it is found.
    pub(crate) says: String,
}

impl Plant {
    /// The text of its file with the fault.
    ///
    /// # Errors
    /// A sentence when what it replaces is not there exactly once.
    pub(crate) fn planted(&self, text: &str) -> Result<String, String> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            n => Err(format!(
                "{LIST}: what {} replaces occurs {n} times in {}, and must occur once",
                self.name, self.file
            )),
        }
    }
}

/// Every fault of the list, in its order.
///
/// # Errors
/// A sentence when it is no list of faults.
pub(crate) fn plants(list: &str) -> Result<Vec<Plant>, String> {
    let list =
        Document::parse(list).map_err(|error| format!("{LIST}: cannot be read: {}", error.message()))?;
    let tables = list.get("plant").and_then(|item| item.as_array_of_tables());
    let tables = tables.ok_or_else(|| format!("{LIST}: holds no [[plant]]"))?;
    tables.iter().map(plant).collect()
}

fn plant(table: &Table) -> Result<Plant, String> {
    let text = |key: &str| match table.get(key).and_then(|item| item.as_str()) {
        Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err(format!("{LIST}: a plant has no {key}")),
    };
    Ok(Plant {
        name: text("name")?,
        breaks: text("breaks")?,
        file: text("file")?,
        find: text("find")?,
        // A fault may be that something is missing.
        replace: table.get("replace").and_then(|item| item.as_str()).unwrap_or_default().to_owned(),
        command: text("command")?,
        says: text("says")?,
    })
}

/// The list fits the sources, so that it cannot rot.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let Some((_, list)) = tree.files().find(|(path, _)| *path == LIST) else { return Vec::new() };
    let plants = match plants(list) {
        Ok(plants) => plants,
        Err(sentence) => return vec![sentence],
    };
    let mut sentences = Vec::new();
    for (n, plant) in plants.iter().enumerate() {
        if plants[..n].iter().any(|before| before.name == plant.name) {
            sentences.push(format!("{LIST}: two plants are called {}", plant.name));
        }
        match tree.files().find(|(path, _)| *path == plant.file) {
            None => sentences
                .push(format!("{LIST}: {} is planted in {}, which is no file", plant.name, plant.file)),
            Some((_, text)) => match plant.planted(text) {
                Ok(planted) if planted == text => {
                    sentences.push(format!("{LIST}: {} changes nothing", plant.name));
                }
                Ok(_) => {}
                Err(sentence) => sentences.push(sentence),
            },
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: &str = r#"
        [[plant]]
        name = "cap"
        breaks = "The cap lets one more through."
        file = "a.rs"
        find = "n_max <= n"
        replace = "n_max < n"
        command = "simulator virtual"
        says = "caps_hold"
    "#;

    fn said(list: &str, source: &str) -> Vec<String> {
        check(&Tree::of(&[(LIST, list), ("a.rs", source)]))
    }

    #[test]
    fn a_plant_that_still_fits_is_fine() {
        assert_eq!(said(CAP, "if n_max <= n {}"), [] as [&str; 0]);
        let planted = plants(CAP).unwrap()[0].planted("if n_max <= n {}").unwrap();
        assert_eq!(planted, "if n_max < n {}");
    }

    #[test]
    fn a_plant_whose_place_is_gone_or_not_one_is_told() {
        assert!(said(CAP, "if full(n) {}")[0].contains("cap replaces occurs 0 times in a.rs"));
        assert!(said(CAP, "n_max <= n; n_max <= n")[0].contains("occurs 2 times"));
        assert!(said(&CAP.replace("a.rs", "b.rs"), "")[0].contains("is no file"));
        assert!(said(&CAP.replace("n_max < n", "n_max <= n"), "n_max <= n")[0].contains("changes nothing"));
    }

    #[test]
    fn a_plant_that_lacks_a_part_or_a_name_of_its_own_is_told() {
        assert!(said(&CAP.replace("says", "said"), "")[0].contains("has no says"));
        assert!(said(&format!("{CAP}{CAP}"), "n_max <= n")[0].contains("two plants are called cap"));
        assert!(said("x", "")[0].contains("cannot be read"));
    }
}
