//! Changing: one fence added, moved and removed again, while other threads go on matching.
//!
//! Criterion tells the mean; p50 and p99 are printed, with the bar. Every change is checked to be seen
//! by whoever asks next. The baseline has no versions: it would have to shut its readers out.

use std::time::Duration;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use workloads::updating::change_while_read;
use workloads::{Work, circles};

/// Times that a fence is added, moved and removed for the percentiles.
const N_TIMES: usize = 1_000;

fn updating(criterion: &mut Criterion) {
    update(criterion, "update_30k", 0.5, &circles::w1_few_hits());
    update(criterion, "update_1m", 3.0, &circles::w4_cold(1_000_000, 1 << 16));
}

fn update(criterion: &mut Criterion, name: &str, bar_ms: f64, work: &Work) {
    let index = work.index();
    let ms = |time: Duration| 1e3 * time.as_secs_f64();
    let updates = change_while_read(index.clone(), &work.positions, N_TIMES);
    println!(
        "{name}: {} changes, p50 {:.3} ms, p99 {:.3} ms (bar {bar_ms} ms), while {} points were matched",
        updates.n_changes,
        ms(updates.p50),
        ms(updates.p99),
        updates.n_read,
    );
    let mut group = criterion.benchmark_group("update");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|n| {
            let n_times = usize::try_from(n.div_ceil(3)).expect("criterion asks for fewer");
            let updates = change_while_read(index.clone(), &work.positions, n_times);
            updates.sum.mul_f64(n as f64 / updates.n_changes as f64)
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500));
    targets = updating
}
criterion_main!(benches);
