//! Every server does its work, and this library's needs no heap for it.

use std::path::Path;

use mio_st_benches::echo::{Client, PEERS, Server, churn};

#[test]
fn every_server_echoes_and_says_what_it_uses() {
    for &peer in PEERS {
        let mut server = Server::start(Path::new(env!("CARGO_BIN_EXE_work")), peer, &[]);
        let before = server.usage();
        let mut client = Client::connect(server.port, 10);
        assert_eq!(client.run(100).len(), 100, "{peer}");
        churn(server.port, 32);
        let after = server.usage();
        assert!(after.micros >= before.micros && server.resident() > 0, "{peer}");
        if peer.starts_with("mio-st") || peer == "raw" {
            assert_eq!(after.allocations, before.allocations, "{peer}");
        }
    }
}
