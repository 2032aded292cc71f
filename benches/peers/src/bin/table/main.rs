//! Prints the figures of the README: `table [SECTION]... [--quick | --no-tools] [--rounds=ROUNDS]
//! [--charts=DIRECTORY]`. See ci/table.sh.
//!
//! Sections: poll, "user events", wakers, "10,000 deadlines", ping-pong, slab, "ready queue",
//! timers, "timer adversaries", connections, datagrams, lateness, echo, http, proxy, memory, worst. Without any: all.

mod charts;
mod echo;
mod layout;
mod programs;
mod ratios;
mod rounds;

use std::path::PathBuf;

use mio_st_benches::echo::{Client, PEERS, Server};
use mio_st_benches::measure::Contest;
use mio_st_benches::{contests, lateness, sys, tools, worst};

use self::layout::Table;

struct Settings {
    sections: Vec<String>,
    /// Fewer rounds, no large wheels, no tools.
    quick: bool,
    /// strace and callgrind.
    tools: bool,
    /// How many rounds, if not as many as usual.
    rounds: Option<usize>,
    /// Where to draw how the timers scale.
    charts: Option<PathBuf>,
}

impl Settings {
    fn wants(&self, section: &str) -> bool {
        self.sections.is_empty() || self.sections.iter().any(|wanted| wanted == section)
    }

    fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 5 } else { 25 })
    }
}

fn main() {
    let (options, sections): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let has = |option: &str| options.iter().any(|given| given == option);
    let quick = has("--quick");
    let tools = !quick && !has("--no-tools") && tools::has("strace") && tools::has("valgrind");
    let rounds = options.iter().find_map(|option| option.strip_prefix("--rounds="));
    let rounds = rounds.map(|rounds| rounds.parse().expect("ROUNDS is a number"));
    let charts = options.iter().find_map(|option| option.strip_prefix("--charts="));
    let settings = Settings { sections, quick, tools, rounds, charts: charts.map(PathBuf::from) };
    sys::raise_descriptor_limit();
    sys::keep_on(0, 0);

    let mut sections: Vec<(&str, Vec<Contest>)> = Vec::new();
    for contest in contests::all() {
        match sections.last_mut() {
            Some((section, contests)) if *section == contest.section => contests.push(contest),
            _ => sections.push((contest.section, vec![contest])),
        }
    }
    for (section, contests) in &sections {
        if settings.wants(section) {
            rounds::print(section, contests, &settings);
        }
    }
    sys::close_eventfds();
    if settings.wants("lateness") {
        print_lateness(&settings);
    }
    if settings.wants("echo") {
        echo::print(&settings);
    }
    if settings.wants("http") {
        programs::print_http(&settings);
    }
    if settings.wants("proxy") {
        programs::print_proxy(&settings);
    }
    if settings.wants("memory") {
        print_memory();
    }
    if settings.wants("worst") {
        print_worst(&settings);
    }
}

fn print_lateness(settings: &Settings) {
    let mut table = Table::new();
    for timeout in lateness::TIMEOUTS {
        table.row(format!("{timeout:?}"));
        for late in lateness::measure(timeout, if settings.quick { 11 } else { 101 }) {
            let (count, earliest) = (late.micros.len(), late.micros[0]);
            let early =
                if earliest < 0.0 { format!(", {earliest:.0} early") } else { String::new() };
            let (middle, high) = (late.micros[count / 2], late.micros[count * 95 / 100]);
            table.cell(late.peer, format!("{middle:.0} / {high:.0}{early}"));
        }
    }
    table.print("lateness of a timeout in microseconds, median / 95 %");
}

fn print_memory() {
    let connections = (sys::raise_descriptor_limit() / 2).min(10_000);
    let mut table = Table::new();
    let names = ["heap allocations", "heap bytes", "bytes touched, all told"];
    let usage: Vec<_> = PEERS
        .iter()
        .map(|&peer| {
            let mut server = Server::start(&tools::work(), peer, &[]);
            drop(Client::connect(server.port, 1)); // what it needs in any case
            let (before, resident) = (server.usage(), server.resident());
            let client = Client::connect(server.port, connections);
            let (after, touched) = (server.usage(), server.resident() - resident);
            drop(client);
            [
                (after.allocations - before.allocations) as f64,
                after.bytes as f64 - before.bytes as f64,
                touched as f64 * 1024.0,
            ]
        })
        .collect();
    for (at, name) in names.into_iter().enumerate() {
        table.row(name);
        for (peer, usage) in PEERS.iter().zip(&usage) {
            table.cell(peer, format!("{:.2}", usage[at] / connections as f64));
        }
    }
    table.print(&format!("{connections} idle connections: the server's memory, per connection"));
}

fn print_worst(settings: &Settings) {
    let mut table = Table::new();
    let mut print = |n: usize, peers: Vec<worst::Worst>| {
        table.row(n.to_string());
        for peer in peers {
            let micros = |nanos| nanos as f64 / 1000.0;
            table.cell(
                peer.peer,
                format!("{:.1} / {:.1}", micros(peer.worst), micros(peer.one_in_1000)),
            );
        }
    };
    print(65_536, worst::measure::<65_536>(5));
    if !settings.quick {
        print(1_048_576, worst::measure::<1_048_576>(3));
    }
    table.print("the longest look at the timers in a minute, in microseconds, worst / 1 in 1,000");
    let mut table = Table::new();
    for (name, peers) in worst::of_adversaries(if settings.quick { 2 } else { 5 }) {
        table.row(name);
        for peer in peers {
            let micros = |nanos| nanos as f64 / 1000.0;
            let cell = format!("{:.1} / {:.1}", micros(peer.worst), micros(peer.one_in_1000));
            table.cell(peer.peer, cell);
        }
    }
    table.print("the longest step of the adversaries, in microseconds, worst / 1 in 1,000");
}
