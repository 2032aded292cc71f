//! The contests that are measured in rounds.

use mio_st_benches::measure::{self, Contest};
use mio_st_benches::tools;

use crate::Settings;
use crate::charts::Charts;
use crate::layout::Table;
use crate::ratios::Ratios;

/// Four tables: time, and what else each operation takes.
pub fn print(section: &str, contests: &[Contest], settings: &Settings) {
    let timers = section == "timers" || section == "timer adversaries";
    let (mut times, mut allocations) = (Table::new(), Table::new());
    let (mut charts, mut ratios) = (Charts::default(), Ratios::default());
    let contests: Vec<&Contest> =
        contests.iter().filter(|contest| !(settings.quick && is_large(contest))).collect();
    for contest in &contests {
        eprintln!("{section}: {} ...", contest.name);
        times.row(contest.name.clone());
        allocations.row(contest.name.clone());
        let scores = measure::run(contest, settings.rounds().min(most_rounds(contest)));
        ratios.add(&contest.name, &scores);
        for score in &scores {
            // Nanoseconds for the first, which the others are compared with; timers have no such.
            let first = score.peer == scores[0].peer;
            charts.add(&contest.name, score.peer, score.nanos);
            let nanos = format!("{:.1}", score.nanos);
            let text = match first {
                _ if timers => nanos,
                true => format!("{nanos} ns"),
                false => format!("{:.2}", score.nanos / scores[0].nanos),
            };
            times.cell(score.peer, text);
            let unrounded = score.allocations > 0.0 && score.allocations < 0.005;
            let text = format!("{:.2}", score.allocations);
            allocations.cell(score.peer, if unrounded { "< 0.01".into() } else { text });
        }
    }
    times.print(&format!("{section}: {}", if timers { "nanoseconds" } else { "time" }));
    if section == "timers" {
        ratios.print();
        if let Some(directory) = &settings.charts {
            charts.write(directory).expect("charts");
        }
    }
    if settings.tools {
        print_tools(section, &contests);
    }
    allocations.print(&format!("{section}: heap allocations"));
}

/// What strace and callgrind count: but for a million timers, which take them too long.
fn print_tools(section: &str, contests: &[&Contest]) {
    let jobs: Vec<(&str, &str)> = contests
        .iter()
        .filter(|contest| !contest.name.ends_with("1048576"))
        .flat_map(|contest| contest.entries.iter().map(|entry| (contest.name.as_str(), entry.peer)))
        .collect();
    eprintln!("{section}: strace and callgrind, {} times each ...", jobs.len());
    let figures = tools::on_all_processors(&jobs, |&(name, peer)| {
        (tools::system_calls(section, name, peer), tools::instructions(section, name, peer))
    });
    let (mut calls, mut counts) = (Table::new(), Table::new());
    let mut row = "";
    for (&(name, peer), (call, count)) in jobs.iter().zip(figures) {
        if row != name {
            calls.row(name);
            counts.row(name);
            row = name;
        }
        calls.cell(peer, format!("{call:.2}"));
        counts.cell(peer, format!("{count:.0}"));
    }
    counts.print(&format!("{section}: instructions in user space"));
    calls.print(&format!("{section}: system calls"));
}

/// A round of many timers is long, and filling them is longer.
fn most_rounds(contest: &Contest) -> usize {
    match contest.name.rsplit(", ").next() {
        Some("65536") => 5,
        Some("1048576") => 3,
        _ => usize::MAX,
    }
}

fn is_large(contest: &Contest) -> bool {
    most_rounds(contest) != usize::MAX
}
