//! Building: fences to index, beside `rstar` bulk loaded. Ten million run with `STILE_BENCH_10M=1`.

use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use spatial_index::Index;
use workloads::Work;
use workloads::baseline::Best;
use workloads::{circles, country, overlap};

fn building(criterion: &mut Criterion) {
    build(criterion, "30k", &circles::w1_few_hits());
    build(criterion, "1m", &circles::w4_cold(1_000_000, 0));
    build(criterion, "w5", &overlap::w5_overlap());
    build(criterion, "w6", &country::w6_country());
    if std::env::var_os("STILE_BENCH_10M").is_some() {
        build(criterion, "10m", &circles::w4_cold(10_000_000, 0));
    }
}

fn build(criterion: &mut Criterion, name: &str, work: &Work) {
    let mut group = criterion.benchmark_group(format!("build/{name}"));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("index", |bencher| {
        bencher.iter_batched(
            || work.shapes.clone(),
            |shapes| {
                let index = Index::build(shapes).expect("the fences are good");
                assert_eq!(index.len(), work.shapes.len());
                index
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("rstar_geo", |bencher| bencher.iter_with_large_drop(|| Best::build(&work.shapes)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500));
    targets = building
}
criterion_main!(benches);
