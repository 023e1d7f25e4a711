//! Who may know whom.

use toml_edit::{Document, Table};

use crate::Tree;

/// One crate, whom it may know, and whom its tests may know besides.
struct Room {
    name: &'static str,
    manifest: &'static str,
    may_know: &'static [&'static str],
    tests_may_know: &'static [&'static str],
}

const DRIVEN_AND_JUDGED: &[&str] = &[
    "model",
    "consent-gate",
    "wire",
    "spatial-index",
    "sensitive-places",
    "presence",
    "offers",
    "notifier",
    "ledger",
    "engine",
    "town",
    "settings",
    "oracle",
];

const MEASURED: &[&str] = &[
    "model",
    "consent-gate",
    "wire",
    "spatial-index",
    "sensitive-places",
    "presence",
    "offers",
    "notifier",
    "ledger",
    "engine",
    "workloads",
];

/// The table. Data flows down it; a room knows the nouns and nobody beside it, so that
/// only the engine decides the order of things.
const ROOMS: &[Room] = &[
    room("model", &[], &[]),
    room("consent-gate", &["model"], &[]),
    room("spatial-index", &["model"], &[]),
    room("sensitive-places", &["model", "spatial-index"], &[]),
    room("presence", &["model"], &[]),
    room("offers", &["model"], &[]),
    room("notifier", &["model"], &[]),
    room("town", &["model"], &[]),
    room("wire", &["model", "consent-gate"], &[]),
    room("ledger", &["model", "consent-gate"], &[]),
    room(
        "engine",
        &[
            "model",
            "consent-gate",
            "wire",
            "spatial-index",
            "sensitive-places",
            "presence",
            "offers",
            "notifier",
            "ledger",
        ],
        &["town"],
    ),
    room(
        "settings",
        &[
            "model",
            "consent-gate",
            "spatial-index",
            "sensitive-places",
            "presence",
            "offers",
            "notifier",
            "engine",
        ],
        &[],
    ),
    room("store", &["ledger", "model"], &["consent-gate"]),
    room(
        "rehearsal",
        &["model", "consent-gate", "wire", "spatial-index", "offers", "notifier", "ledger", "engine", "town"],
        &[],
    ),
    room("workloads", &["model", "wire", "spatial-index"], &[]),
    room(
        "server",
        &[
            "model",
            "consent-gate",
            "wire",
            "spatial-index",
            "sensitive-places",
            "presence",
            "offers",
            "notifier",
            "ledger",
            "engine",
            "town",
            "rehearsal",
            "settings",
            "store",
            "workloads",
        ],
        &[],
    ),
    // Plays a server's part on a disk that fails.
    room(
        "faulty-disk",
        &["model", "spatial-index", "offers", "ledger", "engine", "settings", "store", "server"],
        &[],
    ),
    // What judges the engine shares no function with it.
    Room { name: "oracle", manifest: "simulator/oracle", may_know: &[], tests_may_know: &[] },
    Room {
        name: "simulator",
        manifest: "simulator",
        may_know: DRIVEN_AND_JUDGED,
        tests_may_know: &["server"],
    },
    Room { name: "benches", manifest: "benches", may_know: MEASURED, tests_may_know: &[] },
    Room { name: "xtask", manifest: "xtask", may_know: &[], tests_may_know: &[] },
];

const fn room(
    name: &'static str,
    may_know: &'static [&'static str],
    tests_may_know: &'static [&'static str],
) -> Room {
    Room { name, manifest: "", may_know, tests_may_know }
}

impl Room {
    fn manifest(&self) -> String {
        let folder =
            if self.manifest.is_empty() { format!("crates/{}", self.name) } else { self.manifest.to_owned() };
        format!("{folder}/Cargo.toml")
    }
}

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut sentences = Vec::new();
    let manifests = tree.files().filter(|(path, _)| path.ends_with("/Cargo.toml"));
    for (path, text) in manifests.filter(|(path, _)| !path.starts_with("fuzz/")) {
        match ROOMS.iter().find(|room| room.manifest() == path) {
            Some(room) => check_manifest(room, path, text, &mut sentences),
            None => sentences.push(format!(
                "{path}: this crate is not in the table of xtask/src/neighbours.rs that says who may know whom"
            )),
        }
    }
    sentences
}

fn check_manifest(room: &Room, path: &str, text: &str, sentences: &mut Vec<String>) {
    let manifest = match Document::parse(text) {
        Ok(manifest) => manifest,
        Err(error) => {
            sentences.push(format!("{path}: cannot be read: {}", error.message()));
            return;
        }
    };
    let table = |name: &str| manifest.get(name).and_then(|item| item.as_table());
    if table("lints").and_then(|lints| lints.get("workspace")?.as_bool()) != Some(true) {
        sentences.push(format!(
            "{path}: does not take its lints from the workspace; add [lints] workspace = true"
        ));
    }
    for (dependencies, is_test) in
        [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
    {
        for known in table(dependencies).map(crates_of).unwrap_or_default() {
            let is_room = ROOMS.iter().any(|room| room.name == known);
            let is_fine = room.may_know.contains(&known)
                || is_test && (room.tests_may_know.contains(&known) || known == room.name);
            if is_room && !is_fine {
                sentences.push(format!(
                    "{path}: {} may not know {known}; who may know whom is a table in xtask/src/neighbours.rs",
                    room.name
                ));
            }
        }
    }
}

fn crates_of(table: &Table) -> Vec<&str> {
    table
        .iter()
        .map(|(name, item)| item.get("package").and_then(|name| name.as_str()).unwrap_or(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, &format!("{text}\n[lints]\nworkspace = true\n"))]))
    }

    #[test]
    fn a_room_that_knows_its_neighbour_is_told() {
        let said_of =
            |dependency: &str| said("crates/presence/Cargo.toml", &format!("[dependencies]\n{dependency}"));
        assert_eq!(said_of("model.workspace = true"), [] as [&str; 0]);
        assert_eq!(said_of("serde.workspace = true"), [] as [&str; 0]);
        assert!(said_of("notifier.workspace = true")[0].contains("presence may not know notifier"));
        assert!(
            said_of("n = { path = \"../notifier\", package = \"notifier\" }")[0].contains("may not know")
        );
    }

    #[test]
    fn tests_may_know_more_than_the_room() {
        let said_of =
            |table: &str| said("crates/engine/Cargo.toml", &format!("[{table}]\ntown.workspace = true"));
        assert_eq!(said_of("dev-dependencies"), [] as [&str; 0]);
        assert!(said_of("dependencies")[0].contains("engine may not know town"));
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_told() {
        let said = check(&Tree::of(&[("crates/presence/Cargo.toml", "[dependencies]\n")]));
        assert!(said[0].contains("lints from the workspace"), "{said:?}");
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_told() {
        assert!(said("crates/surprise/Cargo.toml", "")[0].contains("not in the table"));
    }
}
