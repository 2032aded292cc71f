//! The examples beside the same programs by other libraries.

use mio_st_benches::echo::Server;
use mio_st_benches::measure::median;
use mio_st_benches::programs::http::PEERS;
use mio_st_benches::programs::http_client::Client;
use mio_st_benches::programs::proxy::{self, Proxy};
use mio_st_benches::tools;

use crate::Settings;
use crate::layout::{Table, ratio};

/// How many connections, how many requests at once on each, and how many a round is.
const LOADS: [(usize, usize, usize); 6] = [
    (1, 1, 4_000),
    (64, 1, 20_000),
    (1_000, 1, 20_000),
    (1, 16, 40_000),
    (64, 16, 100_000),
    (1_000, 16, 100_000),
];

/// What a round of the proxies carries, and how many connections it makes.
const BYTES: usize = 2_000_000_000;
const CONNECTIONS: usize = 3_200;

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
        for _ in 0..settings.rounds() {
            let all = servers.iter_mut().zip(&mut clients).zip(&mut figures);
            for ((server, client), rounds) in all {
                let before = server.usage().micros;
                client.run(requests);
                let micros = (server.usage().micros - before) as f64;
                rounds.push(requests as f64 / micros * 1e6);
            }
        }
        let first = median(figures[0].clone());
        for (peer, rounds) in peers.iter().zip(figures) {
            let rate = median(rounds);
            rates.cell(peer, format!("{rate:.0}"));
            ratios.cell(peer, ratio(rate, first));
        }
    }
    rates.print("HTTP: requests per second of the server's processor time");
    ratios.print("HTTP: the same, ratio to raw");
}

pub fn print_proxy(settings: &Settings) {
    eprintln!("proxy ...");
    let rounds = if settings.quick { 3 } else { 9 };
    let proxies: Vec<_> = proxy::PEERS.iter().map(|peer| (*peer, Proxy::start(peer))).collect();
    let (mut bytes, mut connections) = (Table::new(), Table::new());
    let measure = |table: &mut Table, name: &str, unit: f64, work: &dyn Fn(&Proxy)| {
        table.row(name);
        let mut figures = vec![Vec::new(); proxies.len()];
        for _ in 0..rounds {
            for ((_, proxy), rounds) in proxies.iter().zip(&mut figures) {
                let Some(proxy) = proxy else { continue };
                let before = proxy.seconds();
                work(proxy);
                rounds.push(unit / (proxy.seconds() - before).max(0.01));
            }
        }
        let first = median(figures[0].clone());
        for ((peer, proxy), rounds) in proxies.iter().zip(figures) {
            if proxy.is_some() {
                let rate = median(rounds);
                table.cell(peer, format!("{rate:.2} ({})", ratio(rate, first)));
            }
        }
    };
    let giga = BYTES as f64 / 1e9;
    measure(&mut bytes, "one way, GB per second of processor time", giga, &|proxy| {
        proxy.transfer(BYTES)
    });
    let thousands = CONNECTIONS as f64 / 1e3;
    measure(&mut connections, "thousands per second of processor time", thousands, &|proxy| {
        proxy.connections(CONNECTIONS);
    });
    bytes.print("Proxy: bytes (ratio to mio-st)");
    connections.print("Proxy: connections with 64 bytes each way (ratio to mio-st)");
}
