//! Prints the figures of the README: `table [SECTION]... [--quick | --no-tools]`. See ci/table.sh.
//!
//! Sections: poll, "user events", wakers, "10,000 deadlines", ping-pong, slab, "ready queue", timers, lateness, echo,
//! memory, worst. Without any: all.

use std::collections::BTreeMap;

use mio_st_benches::echo::{Client, PEERS, Server, churn};
use mio_st_benches::measure::{Contest, median};
use mio_st_benches::{contests, lateness, measure, sys, tools, worst};

struct Settings {
    sections: Vec<String>,
    /// Fewer rounds, no large wheels, no tools.
    quick: bool,
    /// strace and callgrind.
    tools: bool,
}

impl Settings {
    fn wants(&self, section: &str) -> bool {
        self.sections.is_empty() || self.sections.iter().any(|wanted| wanted == section)
    }

    fn rounds(&self) -> usize {
        if self.quick { 5 } else { 25 }
    }
}

fn main() {
    let (options, sections): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let has = |option: &str| options.iter().any(|given| given == option);
    let quick = has("--quick");
    let settings = Settings { sections, quick, tools: !quick && !has("--no-tools") };
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
            print_section(section, contests, &settings);
        }
    }
    if settings.wants("lateness") {
        print_lateness(&settings);
    }
    if settings.wants("echo") {
        print_echo(&settings);
    }
    if settings.wants("memory") {
        print_memory();
    }
    if settings.wants("worst") {
        print_worst(&settings);
    }
}

/// A table: a row of cells for each name.
struct Table {
    columns: Vec<String>,
    rows: Vec<(String, BTreeMap<usize, String>)>,
}

impl Table {
    fn new() -> Table {
        Table { columns: Vec::new(), rows: Vec::new() }
    }

    fn row(&mut self, name: impl Into<String>) {
        self.rows.push((name.into(), BTreeMap::new()));
    }

    /// Puts a cell into the latest row.
    fn cell(&mut self, column: &str, text: String) {
        let at = self.columns.iter().position(|known| known == column).unwrap_or_else(|| {
            self.columns.push(column.into());
            self.columns.len() - 1
        });
        self.rows.last_mut().unwrap().1.insert(at, text);
    }

    fn print(&self, title: &str) {
        println!("\n### {title}\n");
        println!("| | {} |", self.columns.join(" | "));
        println!("|---|{}", "---:|".repeat(self.columns.len()));
        for (name, cells) in &self.rows {
            let text = |at| cells.get(&at).map_or("", String::as_str);
            let cells: Vec<&str> = (0..self.columns.len()).map(text).collect();
            println!("| {name} | {} |", cells.join(" | "));
        }
    }
}

fn print_section(section: &str, contests: &[Contest], settings: &Settings) {
    let timers = section == "timers";
    let (mut times, mut calls, mut counts) = (Table::new(), Table::new(), Table::new());
    let mut allocations = Table::new();
    let tools = settings.tools;
    for contest in contests {
        let large = contest.name.ends_with("65536") || contest.name.ends_with("1048576");
        let rounds = if large { 5 } else { settings.rounds() };
        if large && settings.quick {
            continue;
        }
        eprintln!("{section}: {} ...", contest.name);
        let scores = measure::run(contest, rounds);
        for table in [&mut times, &mut calls, &mut counts, &mut allocations] {
            table.row(contest.name.clone());
        }
        for score in &scores {
            // Nanoseconds for the first, which the others are compared with; timers have no such.
            let first = score.peer == scores[0].peer;
            let ratio = format!("{:.2}", score.nanos / scores[0].nanos);
            let nanos = format!("{:.1}", score.nanos);
            let text = if timers {
                nanos
            } else if first {
                format!("{nanos} ns")
            } else {
                ratio
            };
            times.cell(score.peer, text);
            let unrounded = score.allocations > 0.0 && score.allocations < 0.005;
            let text = format!("{:.2}", score.allocations);
            allocations.cell(score.peer, if unrounded { "< 0.01".into() } else { text });
            if tools && !timers && tools::has("strace") {
                let number = tools::system_calls(section, &contest.name, score.peer);
                calls.cell(score.peer, format!("{number:.2}"));
            }
            let slow = large && !score.peer.starts_with("mio-st") && score.peer != "null"
                || contest.name.ends_with("1048576");
            if tools && !slow && tools::has("valgrind") {
                let number = tools::instructions(section, &contest.name, score.peer);
                counts.cell(score.peer, format!("{number:.0}"));
            }
        }
    }
    times.print(&format!("{section}: {}", if timers { "nanoseconds" } else { "time" }));
    if tools {
        counts.print(&format!("{section}: instructions in user space"));
        if !timers {
            calls.print(&format!("{section}: system calls"));
        }
    }
    allocations.print(&format!("{section}: heap allocations"));
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

fn print_echo(settings: &Settings) {
    let (mut cpu, mut rate, mut latency) = (Table::new(), Table::new(), Table::new());
    let (mut calls, mut counts) = (Table::new(), Table::new());
    // The servers on the other processor.
    let start = |peer| {
        let server = Server::start(&tools::work(), peer, &[]);
        server.stay_on(1);
        server
    };
    for (connections, messages) in [(1, 4_000), (64, 20_000), (1000, 20_000)] {
        let mut servers: Vec<Server> = PEERS.iter().map(|&peer| start(peer)).collect();
        let connect = |server: &Server| Client::connect(server.port, connections);
        let mut clients: Vec<Client> = servers.iter().map(connect).collect();
        let mut figures = vec![(Vec::new(), Vec::new(), Vec::new()); PEERS.len()];
        for _ in 0..settings.rounds() {
            let all = servers.iter_mut().zip(&mut clients).zip(&mut figures);
            for ((server, client), (micros, seconds, latencies)) in all {
                let (before, start) = (server.usage(), std::time::Instant::now());
                latencies.extend(client.run(messages));
                seconds.push(start.elapsed().as_secs_f64() / messages as f64);
                let used = server.usage().micros - before.micros;
                micros.push(used as f64 / messages as f64);
            }
        }
        for table in [&mut cpu, &mut rate, &mut latency, &mut calls, &mut counts] {
            table.row(format!("{connections} connections"));
        }
        let first = median(figures[0].0.clone());
        for (peer, (micros, seconds, mut latencies)) in PEERS.into_iter().zip(figures) {
            let micros = median(micros);
            let text =
                if peer == PEERS[0] { format!("{micros:.2} us") } else { ratio(micros, first) };
            cpu.cell(peer, text);
            rate.cell(peer, format!("{:.0}", 1.0 / median(seconds)));
            latencies.sort_unstable();
            let at = |share| latencies[(latencies.len() as f64 * share) as usize] as f64 / 1000.0;
            latency.cell(peer, format!("{:.0} / {:.0} / {:.0}", at(0.5), at(0.99), at(0.999)));
            if settings.tools && connections < 1000 {
                let (call, count) = tools::per_request(peer, connections);
                calls.cell(peer, format!("{call:.2}"));
                counts.cell(peer, format!("{count:.0}"));
            }
        }
    }
    // Connections that come and go.
    let mut servers: Vec<Server> = PEERS.iter().map(|&peer| start(peer)).collect();
    let mut figures = vec![(Vec::new(), 0, 0); PEERS.len()];
    const COMING: usize = 320;
    for _ in 0..settings.rounds() {
        for (server, (micros, connections, allocations)) in servers.iter_mut().zip(&mut figures) {
            let before = server.usage();
            churn(server.port, COMING);
            let after = server.usage();
            micros.push((after.micros - before.micros) as f64 / COMING as f64);
            *connections += COMING as u64;
            *allocations += after.allocations - before.allocations;
        }
    }
    let mut coming = Table::new();
    for name in ["processor time", "system calls", "instructions", "heap allocations"] {
        coming.row(name);
        let first = median(figures[0].0.clone());
        for (peer, (micros, connections, allocations)) in PEERS.into_iter().zip(&figures) {
            let micros = median(micros.clone());
            let tools = || tools::per_connection(peer);
            let text = match name {
                "processor time" if peer == PEERS[0] => format!("{micros:.2} us"),
                "processor time" => ratio(micros, first),
                "heap allocations" => format!("{:.2}", *allocations as f64 / *connections as f64),
                _ if !settings.tools => String::new(),
                "system calls" => format!("{:.2}", tools().0),
                _ => format!("{:.0}", tools().1),
            };
            coming.cell(peer, text);
        }
    }
    cpu.print("TCP echo, 64 bytes: the server's processor time per request");
    if settings.tools {
        counts.print("TCP echo: the server's instructions in user space per request");
        calls.print("TCP echo: the server's system calls per request");
    }
    rate.print("TCP echo: requests per second");
    latency.print("TCP echo: latency in microseconds, median / 99 % / 99.9 %");
    coming.print("TCP: connect, echo once, close, per connection");
}

fn ratio(value: f64, first: f64) -> String {
    format!("{:.2}", value / first)
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
        for (peer, usage) in PEERS.into_iter().zip(&usage) {
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
}
