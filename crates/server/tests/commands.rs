//! The commands that work on files, as an operator runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a command printed and how it ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn stile(args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_stile")).args(args).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// A folder with some files in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn dir(&self) -> String {
        self.0.path().to_str().unwrap().to_owned()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the shared data; `None`, with a reason, where there is none.
fn shared(name: &str) -> Option<String> {
    let file = root().join("../shared/data").join(name);
    if !file.exists() {
        println!("skipped: {name} is not in ../shared/data");
        return None;
    }
    Some(file.to_str().unwrap().to_owned())
}

fn circle(id: &str, properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":"{id}","properties":{{"radius_m":100,"tz":"Europe/London"{properties}}},"geometry":{{"type":"Point","coordinates":[-2.6,52.1]}}}}"#
    )
}

fn collection(features: &[String]) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

#[test]
fn what_is_shipped_passes_the_check() {
    let ran = stile(&["check", root().join("config").to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("8 fences") && ran.out.contains("7 offers"), "{}", ran.out);
    assert!(ran.out.ends_with("nothing wrong\n"), "{}", ran.out);
}

#[test]
fn files_that_a_command_makes_are_told_with_the_command_and_missed_only_by_who_needs_them() {
    let settings = "[consent]\ndefault_residence = \"US-TX\"\n[fences]\nfile = \"f.geojson\"\nmade_by = \"lay a town\"\n[offers]\nfile = \"o.toml\"\n";
    let folder = Folder::with(&[("stile.toml", settings)]);
    let ran = stile(&["check", &folder.dir()]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("o.toml: not made yet; it is made by: lay a town\n"), "{}", ran.out);
    assert!(ran.out.ends_with("1 file checked, nothing wrong\n"), "{}", ran.out);
    for command in ["check", "serve"] {
        let file = folder.path("stile.toml");
        let args = if command == "check" { vec!["check", &file] } else { vec!["serve", "--config", &file] };
        let ran = stile(&args);
        assert_eq!(ran.code, Some(78));
        let said = ran.out + &ran.err;
        assert!(said.contains("does not exist (not made yet; it is made by: lay a town)"), "{said}");
    }
}

#[test]
fn c01_five_problems_in_three_files_are_told_in_one_run_with_file_and_line() {
    let offer = "[[offer]]\nid = \"a\"\nmerchant = \"bean\"\nfences = [\"quai\"]\ntitle = \"T\"\nbody = \"We saw you!\"\n";
    let folder = Folder::with(&[
        ("stile.toml", "[presence]\ndwel = \"3 min\"\njump_mps = \"fast\"\n"),
        ("offers.toml", offer),
        ("fences.geojson", &collection(&[circle("quay", ""), circle("quay", ""), circle("", "")])),
    ]);
    let ran = stile(&["check", &folder.dir()]);
    assert_eq!(ran.code, Some(78));
    let said = ran.out.replace(&format!("{}/", folder.dir()), "");
    for line in [
        "stile.toml:2:1: presence.dwel: is not a key (did you mean \"dwell\"?)\n",
        "stile.toml:3:12: presence.jump_mps: is a text; it must be a number\n",
        "offers.toml:6:8: offer a: body: says \"we saw you\", which tells people that they are watched\n",
        "fences.geojson: feature 1 (id \"quay\"): ",
        "fences.geojson: feature 2",
        "5 problems",
    ] {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
}

#[test]
fn c11_offers_are_checked_against_the_fences_of_their_settings() {
    let offer =
        "[[offer]]\nid = \"a\"\nmerchant = \"bean\"\nfences = [\"quai\"]\ntitle = \"T\"\nbody = \"B\"\n";
    let folder = Folder::with(&[
        (
            "stile.toml",
            "[consent]\ndefault_residence = \"US-TX\"\n[fences]\nfile = \"f.geojson\"\n[offers]\nfile = \"o.toml\"\n",
        ),
        ("o.toml", offer),
        ("f.geojson", &collection(&[circle("quay", r#","merchant":"bean""#), circle("mill", "")])),
    ]);
    let ran = stile(&["check", &folder.path("stile.toml")]);
    assert_eq!(ran.code, Some(78));
    assert!(ran.out.contains("o.toml:4:11: offer a: fences: names \"quai\""), "{}", ran.out);
    assert!(ran.out.contains("did you mean \"quay\"?"), "{}", ran.out);
    assert!(
        ran.out.contains("warning: ") && ran.out.contains("1 of 2 fences have no merchant"),
        "{}",
        ran.out
    );
}

#[test]
fn v08_every_bad_line_of_a_consent_file_is_told_and_no_customer_named() {
    let good = std::fs::read_to_string(root().join("config/demo/consent.jsonl")).unwrap();
    let bad = good.lines().next().unwrap().replace("\"grant\"", "\"grunt\"");
    let folder = Folder::with(&[("consent.jsonl", &format!("{good}{bad}\n[1]\n"))]);
    let ran = stile(&["check", &folder.dir()]);
    assert_eq!(ran.code, Some(78));
    let n_good = good.lines().count();
    assert!(ran.out.contains(&format!("consent.jsonl:{}:1: ", n_good + 1)), "{}", ran.out);
    assert!(ran.out.contains(&format!("consent.jsonl:{}:1: ", n_good + 2)), "{}", ran.out);
    assert!(!ran.out.contains("ada"), "{}", ran.out);
}

#[test]
fn a_check_of_nothing_is_no_success() {
    let folder = Folder::with(&[]);
    assert_eq!(stile(&["check", &folder.dir()]).code, Some(78));
    assert_eq!(stile(&["check", &folder.path("none")]).code, Some(78));
}

#[test]
fn a_machine_reads_the_check_as_one_object() {
    let folder = Folder::with(&[("stile.toml", "[presence]\ndwel = \"3 min\"\n")]);
    let ran = stile(&["check", "--json", &folder.dir()]);
    assert_eq!(ran.code, Some(78));
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let problem = &found["problems"][0];
    assert_eq!((problem["line"].as_u64(), problem["key"].as_str()), (Some(2), Some("presence.dwel")));
    assert_eq!(problem["hint"].as_str(), Some("did you mean \"dwell\"?"));
}

#[test]
fn a_match_names_the_fences_of_each_point_in_order() {
    let fences = collection(&[circle("b", ""), circle("a,\"x\"", "").replace("a,\"x\"", "a,x")]);
    let points = "id,lat,lon\np,52.1,-2.6\nq,0,0\nr,52.1003,-2.6\n";
    let folder = Folder::with(&[("f.geojson", &fences), ("p.csv", points)]);
    let ran = stile(&["match", "--fences", &folder.path("f.geojson"), "--points", &folder.path("p.csv")]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.out, "point,fence\n0,\"a,x\"\n0,b\n2,\"a,x\"\n2,b\n");
    assert!(ran.err.contains("3 points, 2 fences: 2 points (66.7 %)"), "{}", ran.err);
}

#[test]
fn p06_a_bad_point_refuses_the_file_by_line_or_is_left_out_when_asked() {
    let points = "lat,lon\n52.1,-2.6\n91,-2.6\nx,1\n52.1,-2.6\n";
    let folder = Folder::with(&[("f.geojson", &collection(&[circle("a", "")])), ("p.csv", points)]);
    let (fences, points, out) = (folder.path("f.geojson"), folder.path("p.csv"), folder.path("out.csv"));
    let args = ["match", "--fences", &fences, "--points", &points, "--out", &out];
    let ran = stile(&args);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("p.csv:3:1: ") && ran.err.contains("p.csv:4:1: "), "{}", ran.err);
    assert!(!Path::new(&out).exists(), "half an answer was left");
    let ran = stile(&[&args[..], &["--skip-invalid", "--json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "point,fence\n0,a\n3,a\n");
    let summary: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((summary["points"].as_u64(), summary["points_skipped"].as_u64()), (Some(4), Some(2)));
}

#[test]
fn o01_yesterdays_fences_need_a_yes() {
    let table = |n: usize| {
        let rows: String = (0..n).map(|i| format!("s{i},52.{i:02},-2.6\n")).collect();
        format!("id,lat,lon\n{rows}")
    };
    let folder = Folder::with(&[
        ("ten.csv", &table(10)),
        ("nine.csv", &table(9)),
        ("one.csv", &table(1)),
        ("none.csv", &table(0)),
    ]);
    let out = folder.path("fences.geojson");
    let import = |table: &str, more: &[&str]| {
        let table = folder.path(table);
        stile(&[&["fences", "import", "--csv", &table, "--radius", "150", "--out", &out], more].concat())
    };
    assert_eq!(import("ten.csv", &[]).code, Some(0));
    let ran = import("nine.csv", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("removed       1   s9"), "{}", ran.err);
    let before = std::fs::read(&out).unwrap();
    let ran = import("one.csv", &[]);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("would change by 89 %") && ran.err.contains("--yes"), "{}", ran.err);
    assert_eq!(import("none.csv", &[]).code, Some(78));
    assert_eq!(std::fs::read(&out).unwrap(), before, "a refused import changed the file");
    assert_eq!(import("one.csv", &["--yes"]).code, Some(0));
}

#[test]
fn g11_an_import_refuses_an_id_that_names_two_fences() {
    let folder = Folder::with(&[("a.csv", "id,lat,lon\na,1,1\na,2,2\n")]);
    let (table, out) = (folder.path("a.csv"), folder.path("out.geojson"));
    let ran = stile(&["fences", "import", "--csv", &table, "--radius", "50", "--out", &out]);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("would hold the id \"a\" 2 times"), "{}", ran.err);
    assert!(!Path::new(&out).exists());
}

#[test]
fn what_is_imported_reads_back_and_matches() {
    let names =
        ["polygons_austin_neighbourhoods.geojson", "starbucks_world.csv.gz", "fixes_austin_bus.csv.gz"];
    let [Some(polygons), Some(stores), Some(fixes)] = names.map(shared) else { return };
    let folder = Folder::with(&[]);
    let out = folder.path("austin.geojson");
    let ran = stile(&[
        "fences",
        "import",
        "--geojson",
        &polygons,
        "--csv",
        &stores,
        "--radius",
        "150",
        "--bbox",
        "30.0,30.7,-98.1,-97.4",
        "--where",
        "brand=Starbucks",
        "--merchant",
        "a-merchant",
        "--out",
        &out,
        "--json",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let summary: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(summary["fences"].as_u64(), Some(70 + 90));
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.matches("America/Chicago").count(), 160, "every fence has its zone");
    let ran =
        stile(&["match", "--fences", &out, "--points", &fixes, "--out", &folder.path("hits.csv"), "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let summary: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(summary["points"].as_u64(), Some(599_818));
    let share = summary["points_inside"].as_f64().unwrap() / 599_818.0;
    assert!((0.78..0.82).contains(&share), "{share}");
}

#[test]
fn hospitals_lie_in_their_recorded_counties() {
    let names = ["polygons_us_counties.geojson.gz", "hospitals_us.csv.gz"];
    let [Some(counties), Some(hospitals)] = names.map(shared) else { return };
    let ran = stile(&["match", "--fences", &counties, "--points", &hospitals]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let matched: Vec<(usize, &str)> = ran
        .out
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap())
        .map(|(point, fence)| (point.parse().unwrap(), fence))
        .collect();
    let mut recorded = Vec::new();
    let mut rows =
        csv::Reader::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(&hospitals).unwrap()));
    let column = rows.headers().unwrap().iter().position(|name| name == "county_fips").unwrap();
    for row in rows.records() {
        recorded.push(row.unwrap()[column].to_owned());
    }
    let n_right = matched.iter().filter(|(point, fence)| recorded[*point] == *fence).count();
    assert!(0.98 <= n_right as f64 / recorded.len() as f64, "{n_right} of {}", recorded.len());
}

#[test]
fn a_command_line_that_asks_for_nothing_is_a_usage_error() {
    let folder = Folder::with(&[]);
    assert_eq!(stile(&["fences", "import", "--out", &folder.path("f")]).code, Some(64));
}

#[test]
fn c06_an_engine_that_speaks_without_restraint_or_that_nobody_can_tell_a_yes_is_warned_of() {
    let offer = "[[offer]]\nid = \"a\"\nmerchant = \"bean\"\ntags = [\"t\"]\ntitle = \"T\"\nbody = \"B\"\n";
    let said = |more: &str| {
        let settings =
            format!("[consent]\ndefault_residence = \"US-TX\"\n[fences]\nfile = \"f.geojson\"\n{more}");
        let folder = Folder::with(&[
            ("stile.toml", &settings),
            ("o.toml", offer),
            ("f.geojson", &collection(&[circle("quay", r#","merchant":"bean","tags":["t"]"#)])),
        ]);
        let ran = stile(&["check", &folder.path("stile.toml")]);
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        ran.out
    };
    let caps =
        "[notifier]\nper_24h_max = 1000\nper_7d_max = 1000\nper_30d_max = 1000\nper_civil_day_max = 1000\n";
    let (no_cap, no_budget) = ("has no cap that holds anybody back", "budget: enforced: is false");
    let live = said(&format!("[offers]\nfile = \"o.toml\"\n{caps}[notifier.budget]\nenforced = false\n"));
    assert!(live.contains(no_cap) && live.contains(no_budget), "{live}");
    let shadow = format!("[offers]\nfile = \"o.toml\"\nmode = \"shadow\"\n{caps}");
    assert!(!said(&shadow).contains(no_cap), "nobody hears anything");
    assert!(
        !said(&format!("[offers]\nfile = \"o.toml\"\n{}", caps.replacen("1000", "2", 1))).contains(no_cap)
    );
    let nobody = "lets nobody connect";
    assert!(live.contains(nobody), "{live}");
    let broker = "[offers]\nfile = \"o.toml\"\n[listener]\nenabled = false\n[broker]\nhost = \"h\"\n";
    assert!(!said(broker).contains(nobody));
}
