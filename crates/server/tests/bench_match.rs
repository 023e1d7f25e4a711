//! `stile bench match`, as somebody runs it who wants to know their machine.

use std::process::{Command, Output};

use serde_json::Value;

/// What a command printed and how it ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn bench(args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stile"));
    command.args(["bench", "match"]).args(args).env_remove("STILE_DATA");
    if !args.contains(&"--secs") {
        command.args(["--secs", "0"]);
    }
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

fn row(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 1, "{}", ran.out);
    serde_json::from_str(lines[0]).expect("a row is JSON")
}

const SQUARE: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"square","properties":{},
"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}}]}"#;

#[test]
fn a_number_of_fences_becomes_a_row_with_every_figure() {
    let row = row(&bench(&["--fences", "300", "--json"]));
    assert_eq!((&row["workload"], &row["fences"]), (&"circles".into(), &300.into()));
    assert_eq!((&row["wrong"], &row["changes"]), (&0.into(), &1_500.into()));
    let rate = row["hit_rate"].as_f64().unwrap();
    assert!((0.03..0.1).contains(&rate), "{rate}");
    let figures = [
        "points_per_s",
        "points_per_s_single",
        "batch_ns",
        "single_ns",
        "rstar_geo_best_ns",
        "rstar_geo_usual_ns",
        "ratio",
        "ratio_single",
        "build_s",
        "directory_bytes",
        "fence_bytes",
        "directory_bytes_a_fence",
        "change_p50_ms",
        "change_p99_ms",
    ];
    for figure in figures {
        assert!(row[figure].as_f64().is_some_and(|number| 0.0 < number), "{figure}: {row}");
    }
    let bars = row["bars"].as_array().unwrap();
    assert_eq!((bars.len(), &bars[0]["what"]), (1, &"wrong answers".into()), "only workloads have others");
    assert_eq!(bars[0]["met"], true);
}

#[test]
fn ones_own_fences_and_points_are_measured_and_told_as_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (fences, points) = (path("fences.geojson"), path("points.csv"));
    std::fs::write(&fences, SQUARE).unwrap();
    std::fs::write(&points, "lat,lon\n0.5,0.5\n0.25,0.75\n5,5\n1,1\n").unwrap();
    let ran = bench(&["--fences", &fences, "--points", &points]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let words: Vec<&str> = ran.out.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(words[..5], ["yours", "1", "4", "75.0", "0.750"], "{}", ran.out);
    assert!(ran.out.lines().any(|line| line.contains("wrong answers") && line.ends_with("met")));
    let row = row(&bench(&["--fences", &fences, "--points", &points, "--json"]));
    // `geo` leaves the corner out.
    assert_eq!((&row["hits"], &row["baseline_off"]), (&3.into(), &1.into()));
}

#[test]
fn fences_without_points_get_points_around_them() {
    let folder = tempfile::tempdir().unwrap();
    let fences = folder.path().join("fences.geojson");
    std::fs::write(&fences, SQUARE).unwrap();
    let ran = bench(&["--fences", fences.to_str().unwrap(), "--json"]);
    assert!(ran.err.contains("no --points: 131072 are made in and around 1 fence"), "{}", ran.err);
    let rate = row(&ran)["hit_rate"].as_f64().unwrap();
    assert!((0.2..0.3).contains(&rate), "a quarter of the box twice as wide: {rate}");
}

#[test]
fn what_cannot_be_measured_is_told_and_nothing_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("none.geojson"), r#"{"type":"FeatureCollection","features":[]}"#).unwrap();
    std::fs::write(path("square.geojson"), SQUARE).unwrap();
    std::fs::write(path("none.csv"), "lat,lon\n").unwrap();
    let (none, square, points) = (path("none.geojson"), path("square.geojson"), path("none.csv"));
    for (args, code, told) in [
        (&["--workload", "w9"][..], 64, "no workload is called \"w9\"; there are: w1_few_hits,"),
        (&["--workload", "nyc_real", "--data", "no/such/folder"], 74, "no/such/folder: no such folder"),
        (&["--workload", "nyc_real", "--data", &folder.path().to_string_lossy()], 74, "nyc_neighbourhoods"),
        (&["--fences", "0"], 64, "the number of fences is 1 to 20000000"),
        (&["--fences", "20_000_001"], 64, "the number of fences is 1 to 20000000"),
        (&["--fences", "300", "--secs", "3601"], 64, "--secs is a number of seconds from 0 to 3600"),
        (&["--fences", "300", "--workload", "w3_tiling"], 64, "cannot be used with"),
        (&["--fences", &none], 78, "holds no fence to measure with"),
        (&["--fences", &square, "--points", &points], 78, "holds no point to measure with"),
        (&["--fences", &path("missing.geojson")], 78, "missing.geojson"),
    ] {
        let ran = bench(args);
        assert!(ran.err.contains(told), "{args:?}: {}", ran.err);
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{args:?}: {}", ran.err);
    }
}
