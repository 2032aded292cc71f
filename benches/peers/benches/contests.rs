//! Every contest, under criterion. A benchmark is named `section/contest/peer`, in words that are joined by
//! hyphens, so that a filter can choose one, all of a contest, or a peer in all:
//!
//! ```sh
//! cargo bench -p mio-st-benches -- '^poll/1-of-256-ready/'
//! cargo bench -p mio-st-benches -- '^poll/.*/(raw|mio|mio-st)$'
//! ```
//!
//! The report with plots is `target/criterion/report/index.html`. `cargo bench` in the root of the repository runs
//! a short set of these.

use std::time::Duration;

use criterion::Criterion;
use mio_st_benches::{contests, measure, sys};

fn main() {
    sys::raise_descriptor_limit();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args();
    for contest in contests::all() {
        let mut group = criterion.benchmark_group(contest.id());
        for entry in &contest.entries {
            group.bench_function(measure::slug(entry.peer), |bencher| {
                let mut run = (entry.make)();
                bencher.iter_custom(|count| {
                    let (mut ops, mut nanos) = (0, 0);
                    while ops < count {
                        let sample = run();
                        ops += sample.ops;
                        nanos += sample.nanos;
                    }
                    // A round has a length of its own.
                    Duration::from_nanos((nanos as f64 * count as f64 / ops as f64) as u64)
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
