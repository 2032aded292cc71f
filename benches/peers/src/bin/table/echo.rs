//! The servers: processes of their own, on the other processor.

use std::time::Instant;

use mio_st_benches::echo::{Client, PEERS, Server, churn};
use mio_st_benches::measure::median;
use mio_st_benches::tools;

use crate::Settings;
use crate::layout::{Table, ratio};

/// How many connections, and how many messages a round is.
const LOADS: [(usize, usize); 3] = [(1, 4_000), (64, 20_000), (1000, 20_000)];

/// Connections that come and go, in a round.
const COMING: usize = 320;

fn start() -> Vec<Server> {
    let start = |&peer| {
        let server = Server::start(&tools::work(), peer, &[]);
        server.stay_on(1);
        server
    };
    PEERS.iter().map(start).collect()
}

pub fn print(settings: &Settings) {
    print_requests(settings);
    print_connections(settings);
    if settings.tools {
        print_tools();
    }
}

fn print_requests(settings: &Settings) {
    let (mut cpu, mut rate, mut latency) = (Table::new(), Table::new(), Table::new());
    for (connections, messages) in LOADS {
        eprintln!("echo: {connections} connections ...");
        let mut servers = start();
        let connect = |server: &Server| Client::connect(server.port, connections);
        let mut clients: Vec<Client> = servers.iter().map(connect).collect();
        let mut figures = vec![(Vec::new(), Vec::new(), Vec::new()); PEERS.len()];
        for _ in 0..settings.rounds() {
            let all = servers.iter_mut().zip(&mut clients).zip(&mut figures);
            for ((server, client), (micros, seconds, latencies)) in all {
                let (before, start) = (server.usage(), Instant::now());
                latencies.extend(client.run(messages));
                seconds.push(start.elapsed().as_secs_f64() / messages as f64);
                let used = server.usage().micros - before.micros;
                micros.push(used as f64 / messages as f64);
            }
        }
        for table in [&mut cpu, &mut rate, &mut latency] {
            table.row(format!("{connections} connections"));
        }
        let first = median(figures[0].0.clone());
        for (at, (micros, seconds, mut latencies)) in figures.into_iter().enumerate() {
            let (peer, micros) = (PEERS[at], median(micros));
            cpu.cell(peer, if at == 0 { format!("{micros:.2} us") } else { ratio(micros, first) });
            rate.cell(peer, format!("{:.0}", 1.0 / median(seconds)));
            latencies.sort_unstable();
            let at = |share| latencies[(latencies.len() as f64 * share) as usize] as f64 / 1000.0;
            latency.cell(peer, format!("{:.0} / {:.0} / {:.0}", at(0.5), at(0.99), at(0.999)));
        }
    }
    cpu.print("TCP echo, 64 bytes: the server's processor time per request");
    rate.print("TCP echo: requests per second");
    latency.print("TCP echo: latency in microseconds, median / 99 % / 99.9 %");
}

fn print_connections(settings: &Settings) {
    eprintln!("echo: connect, echo, close ...");
    let mut servers = start();
    let mut figures = vec![(Vec::new(), 0); PEERS.len()];
    for _ in 0..settings.rounds() {
        for (server, (micros, allocations)) in servers.iter_mut().zip(&mut figures) {
            let before = server.usage();
            churn(server.port, COMING);
            let after = server.usage();
            micros.push((after.micros - before.micros) as f64 / COMING as f64);
            *allocations += after.allocations - before.allocations;
        }
    }
    let mut table = Table::new();
    let first = median(figures[0].0.clone());
    table.row("processor time");
    for (at, (micros, _)) in figures.iter().enumerate() {
        let micros = median(micros.clone());
        let text = if at == 0 { format!("{micros:.2} us") } else { ratio(micros, first) };
        table.cell(PEERS[at], text);
    }
    table.row("heap allocations");
    for (peer, (_, allocations)) in PEERS.iter().zip(&figures) {
        let connections = settings.rounds() * COMING;
        table.cell(peer, format!("{:.2}", *allocations as f64 / connections as f64));
    }
    table.print("TCP: connect, echo once, close, per connection");
}

/// A number of connections, or 0 for those that come and go.
type Load = usize;

fn print_tools() {
    let loads = LOADS.map(|(connections, _)| connections).into_iter().chain([0]);
    let jobs: Vec<(Load, &str)> =
        loads.flat_map(|load| PEERS.iter().map(move |&peer| (load, peer))).collect();
    eprintln!("echo: strace and callgrind, {} times each ...", jobs.len());
    let figures = tools::on_all_processors(&jobs, |&(load, peer)| {
        if load == 0 { tools::per_connection(peer) } else { tools::per_request(peer, load) }
    });
    let (mut calls, mut counts) = (Table::new(), Table::new());
    let mut row = None;
    for (&(load, peer), (call, count)) in jobs.iter().zip(figures) {
        if row != Some(load) {
            row = Some(load);
            for table in [&mut calls, &mut counts] {
                table.row(match load {
                    0 => "connect, echo once, close".into(),
                    load => format!("{load} connections, per request"),
                });
            }
        }
        calls.cell(peer, format!("{call:.2}"));
        counts.cell(peer, format!("{count:.0}"));
    }
    counts.print("TCP echo: the server's instructions in user space");
    calls.print("TCP echo: the server's system calls");
}
