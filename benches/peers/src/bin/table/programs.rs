//! The examples beside the same programs by other libraries.

use mio_st_benches::echo::Server;
use mio_st_benches::measure::median;
use mio_st_benches::programs::http::PEERS;
use mio_st_benches::programs::http_client::Client;
use mio_st_benches::programs::proxy::{self, Proxy};
use mio_st_benches::tools;

use crate::Settings;
use crate::layout::{Table, ratio};

/// How many connections, how many requests at once on each, and how many a round is: some 50 ms. What disturbs
/// a machine is longer, so that it disturbs neighbouring rounds alike.
const LOADS: [(usize, usize, usize); 6] = [
    (1, 1, 1_500),
    (64, 1, 6_000),
    (1_000, 1, 6_000),
    (1, 16, 20_000),
    (64, 16, 80_000),
    (1_000, 16, 80_000),
];
/// How many rounds there are for one of other sections.
const MORE: usize = 4;

/// What a round of the proxies carries, and how many connections it makes.
const BYTES: usize = 500_000_000;
const CONNECTIONS: usize = 1_600;
/// For socat, which makes a process for each.
const PROCESSES: usize = 160;

pub fn print_http(settings: &Settings) {
    let (mut rates, mut ratios) = (Table::new(), Table::new());
    for (connections, depth, requests) in LOADS {
        eprintln!("http: {connections} connections, {depth} requests at once ...");
        let name = match depth {
            1 => format!("{connections} connections"),
            depth => format!("{connections} connections, pipelined by {depth}"),
        };
        rates.row(name.clone());
        ratios.row(name);
        // `examples/async` serves 64 at once.
        let peers = PEERS.iter().filter(|peer| connections <= 64 || **peer != "edge-http");
        let peers: Vec<&str> = peers.copied().collect();
        let start = |peer: &&str| {
            let server = Server::start(&tools::work(), &format!("http {peer}"), &[]);
            server.stay_on(1);
            server
        };
        let mut servers: Vec<Server> = peers.iter().map(start).collect();
        let connect = |server: &Server| Client::connect(server.port, connections, depth);
        let mut clients: Vec<Client> = servers.iter().map(connect).collect();
        let mut figures = vec![Vec::new(); peers.len()];
        for _ in 0..MORE * settings.rounds() {
            let all = servers.iter_mut().zip(&mut clients).zip(&mut figures);
            for (((server, client), rounds), peer) in all.zip(&peers) {
                // Whose round is the longest by far.
                let requests = if *peer == "edge-http" { requests / 8 } else { requests };
                let before = server.usage().micros;
                client.run(requests);
                let micros = (server.usage().micros - before) as f64;
                rounds.push(requests as f64 / micros * 1e6);
            }
        }
        let first = figures[0].clone();
        for (peer, rounds) in peers.iter().zip(figures) {
            ratios.cell(peer, ratio(of_neighbours(&rounds, &first), 1.0));
            rates.cell(peer, format!("{:.0}", median(rounds)));
        }
    }
    rates.print("HTTP: requests per second of the server's processor time");
    ratios.print("HTTP: the same, ratio to raw, the median of the rounds'");
    if settings.tools {
        print_http_tools();
    }
}

/// The median of the ratios of each round to the one beside it.
fn of_neighbours(rounds: &[f64], first: &[f64]) -> f64 {
    median(rounds.iter().zip(first).map(|(rate, first)| rate / first).collect())
}

/// What strace and callgrind count.
fn print_http_tools() {
    let (mut calls, mut instructions) = (Table::new(), Table::new());
    for depth in [1, 16] {
        eprintln!("http: strace and callgrind, {depth} requests at once ...");
        let name = format!("64 connections, {depth} requests at once");
        calls.row(name.clone());
        instructions.row(name);
        let figures =
            tools::on_all_processors(PEERS, |peer| tools::per_http_request(peer, 64, depth));
        for (peer, (call, count)) in PEERS.iter().zip(figures) {
            calls.cell(peer, format!("{call:.2}"));
            instructions.cell(peer, format!("{count:.0}"));
        }
    }
    instructions.print("HTTP: instructions in user space per request");
    calls.print("HTTP: system calls per request");
}

pub fn print_proxy(settings: &Settings) {
    eprintln!("proxy ...");
    let rounds = if settings.quick { 5 } else { 21 };
    let proxies: Vec<(&str, Proxy)> =
        proxy::PEERS.iter().filter_map(|peer| Some((*peer, Proxy::start(peer)?))).collect();
    let mut table = Table::new();
    // `work` returns how much it has done.
    let mut measure = |name: &str, work: &dyn Fn(&str, &Proxy) -> f64| {
        let mut figures = vec![Vec::new(); proxies.len()];
        for _ in 0..rounds {
            for ((peer, proxy), rounds) in proxies.iter().zip(&mut figures) {
                let before = proxy.seconds();
                let done = work(peer, proxy);
                rounds.push(done / (proxy.seconds() - before));
            }
        }
        table.row(name);
        let first = figures[0].clone();
        for ((peer, _), rounds) in proxies.iter().zip(figures) {
            let ratio = ratio(of_neighbours(&rounds, &first), 1.0);
            table.cell(peer, format!("{:.2} ({ratio})", median(rounds)));
        }
    };
    measure("GB from a client to its backend", &|_, proxy| {
        proxy.transfer(BYTES);
        BYTES as f64 / 1e9
    });
    measure("thousands of connections with 64 bytes each way", &|peer, proxy| {
        let count = if peer == "socat" { PROCESSES } else { CONNECTIONS };
        proxy.connections(count);
        count as f64 / 1e3
    });
    table.print("Proxies: per second of their processor time (ratio to the first)");
}
