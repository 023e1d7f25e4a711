//! Recordings, points, and the story of a replay.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use model::{Fix, Meters, Position, Timestamp};
use wire::trace::{self, TraceFix, TraceLine};

use crate::common::NOW;

fn told(item: Result<TraceFix, trace::TraceError>) -> String {
    match item {
        Ok(TraceFix { customer, device, fix }) => {
            format!("{} {} {}", customer.as_str(), device.as_str(), fix.position.lat())
        }
        Err(error) => error.to_string(),
    }
}

fn read(text: &str) -> Vec<String> {
    match trace::fixes(text.as_bytes()) {
        Ok(fixes) => fixes.map(told).collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn a_recording_is_read_by_the_names_of_its_columns() {
    let text = "lon,lat,route,acc_m,device,speed_mps,customer,ts_unix_ms\n\
                -122.5,47.5,411,12.5,d1,1.5,c1,1763748000123\n";
    let fix = Fix {
        accuracy: Some(Meters(12.5)),
        speed_mps: Some(1.5),
        ..Fix::at(NOW, Position::new(47.5, -122.5).unwrap())
    };
    let found = trace::fixes(text.as_bytes()).unwrap().next().unwrap().unwrap();
    assert_eq!((found.customer.as_str(), found.device.as_str(), found.fix), ("c1", "d1", fix));
}

#[test]
fn who_has_one_name_only_is_customer_and_device() {
    let rows = "ts_unix_ms,lat,lon\nbus-1,1763748000123,1,2\n";
    assert_eq!(read(&format!("device,{rows}")), ["bus-1 bus-1 1"]);
    assert_eq!(read(&format!("customer,{rows}")), ["bus-1 bus-1 1"]);
    assert_eq!(read("customer,device,ts_unix_ms,lat,lon\n,d1,1763748000123,1,2\n"), ["d1 d1 1"]);
}

#[test]
fn a_header_that_lacks_a_column_is_refused_by_name() {
    assert_eq!(read("device,lat,lon\n"), ["line 1: the header has no column ts_unix_ms"]);
    assert_eq!(read("ts_unix_ms,lat,lon\n"), ["line 1: the header has no column customer"]);
    assert_eq!(read("device,ts_unix_ms,lon\n"), ["line 1: the header has no column lat"]);
    assert_eq!(read("device,ts_unix_ms,lat,lon,lat\n"), ["line 1: the header has two columns lat"]);
    assert_eq!(read(""), ["line 1: there is no header: the file is empty"]);
    assert_eq!(read("device,ts_unix_ms,lat,lon\n"), [""; 0]);
}

#[test]
fn bad_lines_are_named_and_the_rest_is_read() {
    let text = "\u{FEFF}device,ts_unix_ms,lat,lon,acc_m,speed_mps\r\n\
                d1,1763748000123,1,2,,\r\n\
                d1,1763748000123,91,2,,\r\n\
                d1,1763748000123,1,200,,\r\n\
                \r\n\
                d1,1763748000,1,2,,\r\n\
                d1,soon,1,2,,\r\n\
                d1,,1,2,,\r\n\
                d1,1763748000123,NaN,2,,\r\n\
                d1,1763748000123,\"47,6\",2,,\r\n\
                d1,1763748000123,,2,,\r\n\
                d1,1763748000123,1,2,-1,\r\n\
                d1,1763748000123,1,2,inf,\r\n\
                d/1,1763748000123,1,2,,\r\n\
                ,1763748000123,1,2,,\r\n\
                d1,1763748000123\r\n\
                d1, 1763748000123 , 3 ,2,0,-1";
    let expected = [
        "d1 d1 1",
        "line 3: out_of_range in column lat",
        "line 4: out_of_range in column lon",
        "line 6: bad_unit in column ts_unix_ms",
        "line 7: bad_time in column ts_unix_ms",
        "line 8: missing_field ts in column ts_unix_ms",
        "line 9: malformed in column lat",
        "line 10: malformed in column lat",
        "line 11: missing_field lat in column lat",
        "line 12: invalid_fix in column acc_m",
        "line 13: malformed in column acc_m",
        "line 14: bad_id in column device",
        "line 15: missing_field customer in column device",
        "line 16: has 2 cells where the header has 6",
        "d1 d1 3",
    ];
    assert_eq!(read(text), expected);
}

#[test]
fn a_quoted_cell_may_hold_commas_quotes_and_ends_of_lines() {
    let rows = "name,device,ts_unix_ms,lat,lon\r\n\
                \"Books, \"\"Corner\"\"\r\nand more\",d1,1763748000123,1,2\r\n\
                x,\"d2\",\"1763748000123\",\"91\",2\r\n\
                \"never closed,d1,1763748000123,1,2\r\nx,d2,1763748000123,1,2";
    assert_eq!(read(rows), ["d1 d1 1", "line 4: out_of_range in column lat", "line 5: malformed"]);
}

#[test]
fn a_line_without_end_is_passed_over() {
    let row = "d1,1763748000123,1,2";
    let text =
        format!("device,ts_unix_ms,lat,lon\n{row}\n{}\n{row}\n{}", "x".repeat(1 << 20), "y".repeat(1 << 19));
    assert_eq!(read(&text), ["d1 d1 1", "line 3: too_large", "d1 d1 1", "line 5: too_large"]);
}

#[test]
fn lines_of_native_json_are_a_recording_too() {
    let text = "\n{\"v\":1,\"ts\":1763748000123,\"lat\":1,\"lon\":2,\"customer\":\"c1\",\"device\":\"d1\"}\r\n\
                {\"device\":\"d2\",\"v\":1,\"ts\":1763748000123,\"lat\":1,\"lon\":2}\n\n\
                {\"v\":1,\"ts\":1763748000123,\"lat\":1,\"lon\":2}\n\
                {\"device\":5,\"v\":1,\"ts\":1763748000123,\"lat\":1,\"lon\":2}\n\
                {\"device\":\"d2\",\"v\":2}\n\
                nonsense";
    let expected = [
        "c1 d1 1",
        "d2 d2 1",
        "line 5: missing_field customer",
        "line 6: malformed",
        "line 7: unknown_version",
        "line 8: unknown_format",
    ];
    assert_eq!(read(text), expected);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn gzip_is_told_by_its_bytes_and_a_cut_one_ends_with_an_error() {
    let mut text = String::from("device,ts_unix_ms,lat,lon\n");
    for i in 0..50_000_i64 {
        text += &format!("d{},{},{},{}\n", i % 7, 1_763_748_000_123 + i * i, i % 90, i % 180);
    }
    let packed = gzip(&text);
    assert_eq!(trace::fixes(&packed[..]).unwrap().filter(Result::is_ok).count(), 50_000);
    let cut: Vec<_> = trace::fixes(&packed[..packed.len() / 2]).unwrap().collect();
    let (last, good) = cut.split_last().unwrap();
    assert!(good.iter().all(Result::is_ok) && 1_000 < good.len());
    assert!(last.as_ref().unwrap_err().to_string().contains("cannot be read"));
    let json = gzip("{\"device\":\"d2\",\"v\":1,\"ts\":1763748000123,\"lat\":1,\"lon\":2}\n");
    assert_eq!(trace::fixes(&json[..]).unwrap().map(told).collect::<Vec<_>>(), ["d2 d2 1"]);
}

/// Gives one byte at a time, like a slow pipe.
struct Dripping<'a>(&'a [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(1);
        self.0.read(&mut buffer[..n])
    }
}

#[test]
fn a_slow_pipe_is_told_apart_like_a_file() {
    let csv = "\u{FEFF}\r\n\n\ndevice,ts_unix_ms,lat,lon\nd1,1763748000123,1,2";
    let json = " \n\n\n{\"device\":\"d1\",\"v\":1,\"ts\":1763748000123,\"lat\":1,\"lon\":2}";
    for text in [csv, json] {
        for bytes in [text.as_bytes(), &gzip(text)] {
            let found: Vec<_> = trace::fixes(Dripping(bytes)).unwrap().map(told).collect();
            assert_eq!(found, ["d1 d1 1"]);
        }
    }
}

/// Fails once and would then go on.
struct Failing<'a>(&'a [u8], bool);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() && !std::mem::replace(&mut self.1, true) {
            return Err(io::Error::other("the disk is gone"));
        }
        self.0.read(buffer)
    }
}

#[test]
fn a_recording_ends_where_it_cannot_be_read() {
    for text in [
        "device,ts_unix_ms,lat,lon\nd1,1763748000123,1,2\nd1,17637",
        "{\"device\":\"d1\",\"v\":1,\"ts\":1763748000123,\"lat\":1,\"lon\":2}\n{\"dev",
    ] {
        let found: Vec<_> = trace::fixes(Failing(text.as_bytes(), false)).unwrap().map(told).collect();
        assert_eq!(found[0], "d1 d1 1");
        assert!(found[1].contains("cannot be read: the disk is gone"), "{found:?}");
        assert_eq!(found.len(), 2);
    }
}

#[test]
fn a_file_that_is_not_there_says_so() {
    let error = trace::open(Path::new("no/such/file.csv")).unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[test]
fn points_need_two_columns_and_nothing_else() {
    let text = "id,lon,lat\na,2,1\nb,2,x\nc,181,1\n";
    let found: Vec<_> = trace::points(text.as_bytes())
        .unwrap()
        .map(|point| point.map_or_else(|error| error.to_string(), |point| point.lat().to_string()))
        .collect();
    assert_eq!(found, ["1", "line 3: malformed in column lat", "line 4: out_of_range in column lon"]);
    let error = trace::points(&b"lat,lng\n"[..]).unwrap_err();
    assert_eq!(error.to_string(), "line 1: the header has no column lon");
}

#[test]
fn p06_an_error_repeats_no_coordinate_and_no_name() {
    let text =
        "device,ts_unix_ms,lat,lon\nanna,1763748000123,47.123456,999.5\n47.123456@x,1763748000123,1,2\n";
    for item in trace::fixes(text.as_bytes()).unwrap() {
        let error = format!("{:?}", item.unwrap_err());
        assert!(!error.contains("47.") && !error.contains("999") && !error.contains("anna"), "{error}");
    }
}

#[test]
fn a_line_of_the_story_has_the_keys_of_the_contract() {
    let mut out = Vec::new();
    let visit = model::VisitId(model::Digest::from_bytes([0xab; 16]));
    let line = TraceLine {
        at: NOW,
        customer: "c1",
        device: "d1",
        kind: "suppressed",
        fence: Some("f \"1\""),
        visit: Some(visit),
        reason: Some("quiet_hours"),
        offer: Some("ten"),
    };
    line.write(&mut out).unwrap();
    TraceLine { kind: "refused", fence: None, visit: None, offer: None, ..line }.write(&mut out).unwrap();
    let hex = "ab".repeat(16);
    let written = format!(
        "{{\"at\":1763748000123,\"customer\":\"c1\",\"device\":\"d1\",\"kind\":\"suppressed\",\
         \"fence\":\"f \\\"1\\\"\",\"visit\":\"{hex}\",\"reason\":\"quiet_hours\",\"offer\":\"ten\"}}\n\
         {{\"at\":1763748000123,\"customer\":\"c1\",\"device\":\"d1\",\"kind\":\"refused\",\
         \"reason\":\"quiet_hours\"}}\n"
    );
    assert_eq!(String::from_utf8(out).unwrap(), written);
}

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: ../shared/data/{name} is not there");
    None
}

#[test]
fn real_recordings_are_read_to_the_last_line() {
    let rows = [
        ("fixes_austin_bus.csv.gz", 599_818),
        ("fixes_icebergs.csv.gz", 201_156),
        ("fixes_worldwide_tracks.csv.gz", 146_423),
    ];
    for (name, n_rows) in rows {
        let Some(path) = shared(name) else { continue };
        let mut n_good = 0;
        let mut last_at = Timestamp::MIN;
        for fix in trace::open(&path).unwrap() {
            let fix = fix.unwrap_or_else(|error| panic!("{name}: {error}")).fix;
            assert!(last_at <= fix.taken_at, "{name} is in order of time");
            last_at = fix.taken_at;
            n_good += 1;
        }
        assert_eq!(n_good, n_rows, "{name}");
    }
}
