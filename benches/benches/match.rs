//! Matching: positions to fences, beside `rstar` with `geo` and `geo-index` used as well as they can be.
//!
//! Every workload asserts its number of hits, has every answer compared with the baseline's and judged
//! where they differ, and prints its hit rate. The real ones need public data: `STILE_DATA` names its
//! folder. Ten million fences take 8 GB and run with `STILE_BENCH_10M=1`.

use std::path::Path;
use std::time::Duration;

use benches::packed::Packed;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use workloads::Work;
use workloads::bars::{NAMES, work};
use workloads::baseline::{Best, Usual};
use workloads::contest::{Runner, compare};
use workloads::real::RealData;

/// Above so many positions a round takes long, and few of them tell as much.
const N_LONG: usize = 1 << 18;

fn matching(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in NAMES {
        if name == "w4_10m_cold" && std::env::var_os("STILE_BENCH_10M").is_none() {
            println!("match/{name}: left out; STILE_BENCH_10M=1 runs it in 8 GB of memory");
            continue;
        }
        match work(name, || RealData::find(None, &root)) {
            Ok(work) => compete(criterion, &work),
            Err(error) => println!("match/{name}: left out: {error}"),
        }
    }
}

fn compete(criterion: &mut Criterion, work: &Work) {
    let (index, best, usual) = (work.index(), Best::build(&work.shapes), Usual::build(&work.shapes));
    let (single, double) = (Packed::<f32>::build(&work.shapes), Packed::<f64>::build(&work.shapes));
    let answers = compare(&index, &best, &work.shapes, &work.positions);
    assert_eq!(answers.n_wrong, 0, "answers of {work:?}");
    assert_eq!(Some(answers.n_hits), work.n_hits, "hits of {work:?}");
    println!(
        "match/{}: {:.1} % of the points are in a fence, {:.2} hits a point; the baseline's sphere and open borders decide {} otherwise",
        work.name,
        100.0 * answers.n_positions_hit as f64 / work.positions.len() as f64,
        answers.n_hits as f64 / work.positions.len() as f64,
        answers.n_baseline_off,
    );
    let positions = &work.positions[..];
    let (mut found, mut others) = (Vec::new(), Vec::new());
    let runners = [
        ("batch", 0, Runner::batches(&index, positions)),
        ("single", 0, Runner::singles(&index, positions)),
        ("rstar_geo", answers.n_baseline_off, Runner::best(&best, positions)),
        ("rstar_geo_usual", answers.n_baseline_off, Runner::usual(&usual, positions)),
        (
            "geo_index_f32",
            answers.n_baseline_off,
            Runner::new(positions, |chunk| single.count(chunk, &mut found)),
        ),
        (
            "geo_index_f64",
            answers.n_baseline_off,
            Runner::new(positions, |chunk| double.count(chunk, &mut others)),
        ),
    ];
    let mut group = criterion.benchmark_group(format!("match/{}", work.name));
    group.throughput(Throughput::Elements(positions.len() as u64));
    if N_LONG < positions.len() {
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
    }
    let mut least = Vec::new();
    for (name, n_off_max, mut runner) in runners {
        group.bench_function(name, |bencher| bencher.iter(|| runner.take_turn()));
        // Nothing ran when a filter was given.
        let n_off = runner.n_hits().map_or(0, |n_hits| n_hits.abs_diff(answers.n_hits));
        assert!(n_off <= n_off_max, "{name} finds {:?} hits of {work:?}", runner.n_hits());
        least.extend(runner.ns().map(|ns| format!("{name} {ns:.1}")));
    }
    group.finish();
    if !least.is_empty() {
        println!("match/{}: ns a point, shortest times of calls: {}", work.name, least.join(", "));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200));
    targets = matching
}
criterion_main!(benches);
