//! `stile rules`, and what `check` and `serve` say of whose law counts.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What the program says, and whether it ended well.
fn stile(args: &[&str]) -> (bool, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_stile")).args(args).output().expect("the program starts");
    let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat();
    (ran.status.success(), said)
}

fn demo() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/demo/demo.toml");
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_case_is_explained_with_rules_reasons_and_decisions() {
    let (config, at) = (demo(), "2026-11-22");
    let asked = ["rules", "explain", "--config", &config, "--customer-in", "US-WA", "--at", at];
    let (ended_well, said) = stile(&[&asked[..], &["--fence", "bean-and-leaf-quay"]].concat());
    assert!(ended_well, "{said}");
    for part in [
        "the customer lives in US-WA",
        "the fence lies in GB",
        "QH-WA",
        "RCW 19.158.040",
        "NOT VERIFIED, so it only tightens",
        "because the customer lives in US-WA",
        "today, Su in Europe/London",
        "08:00-20:00",
        "none within 609.6 m from its edge",
        "72 h",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let (_, said) =
        stile(&[&asked[..], &["--json", "--purpose", "offers.email", "--phone-region", "CA"]].concat());
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["decisions"]["purposes"]["offers.email"]["opt_in"], "double");
    assert_eq!(told["decisions"]["sms_hours"], "Mo-Su 08:00-20:00");
    let ids: Vec<&str> =
        told["rules"].as_array().unwrap().iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert!(ids.contains(&"CASL") && ids.contains(&"QC") && !ids.contains(&"QH-FL"), "{ids:?}");
}

#[test]
fn all_rules_are_listed_with_how_well_they_are_known() {
    let config = demo();
    let (ended_well, said) = stile(&["rules", "list", "--config", &config, "--at", "2036-01-01"]);
    assert!(ended_well && said.contains("QH-US?") && said.contains("REVIEW WAS DUE BY 2027-06-30"), "{said}");
    let (_, said) = stile(&["rules", "list", "--config", &config, "--json", "--at", "2026-11-22"]);
    let told: Value = serde_json::from_str(&said).unwrap();
    assert!(told["rules"].as_array().unwrap().iter().all(|rule| rule["overdue"] == false), "{said}");
}

#[test]
fn nothing_is_served_without_a_place_whose_law_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("s.toml"), "[fences]\nfile = \"f.geojson\"\n").unwrap();
    for args in [["check", &path("s.toml")].to_vec(), ["serve", "--config", &path("s.toml")].to_vec()] {
        let (ended_well, said) = stile(&args);
        assert!(!ended_well && said.contains("consent.default_residence: is missing"), "{said}");
        assert!(said.contains("default_residence = \"US-TX\" under [consent]"), "{said}");
    }
    std::fs::write(path("s.toml"), "[consent]\ndefault_residence = \"US\"\nrules_file = \"r.toml\"\n")
        .unwrap();
    let rule = "[[rule]]\nid = \"OLD\"\nwhere = [\"US\"]\nwhat = \"W\"\nbasis = \"law\"\nsource = \"S\"\nverified = false\n\
                review_by = 2020-01-01\n";
    std::fs::write(path("r.toml"), rule).unwrap();
    let (ended_well, said) = stile(&["check", &path("s.toml")]);
    assert!(ended_well, "{said}");
    assert!(said.contains("r.toml:8:13: rule OLD: review_by: has passed"), "{said}");
    assert!(said.contains("r.toml: 1 rule, 1 not verified, which only tighten: OLD"), "{said}");
}
