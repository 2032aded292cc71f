//! One peer's part of one contest, alone: `work SECTION NAME PEER ROUNDS [marks]`. Prints how many operations
//! were measured. With `marks`, each measured stretch begins and ends with a system call that fails.
//!
//! Also the servers of `echo`: `work serve PEER WORK`.

use std::env;

use mio_st_benches::{contests, echo, measure, programs, sys};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    sys::raise_descriptor_limit();
    match arguments[..] {
        ["serve", peer] => match peer.strip_prefix("http ") {
            Some(peer) => programs::http::serve(peer),
            None => echo::serve(peer),
        },
        ["list"] => {
            for contest in contests::all() {
                let peers: Vec<_> = contest.entries.iter().map(|entry| entry.peer).collect();
                println!("{} | {} | {}", contest.section, contest.name, peers.join(" | "));
            }
        }
        [section, name, peer, rounds, ref marks @ ..] => {
            let contest = contests::find(section, name).expect("no such contest");
            let entry = contest.entries.iter().find(|entry| entry.peer == peer);
            let mut run = (entry.expect("no such peer").make)();
            if marks == ["marks"] {
                measure::show_marks();
            }
            let rounds: usize = rounds.parse().expect("ROUNDS is a number");
            println!("{}", (0..rounds).map(|_| run().ops).sum::<u64>());
        }
        _ => panic!("work SECTION NAME PEER ROUNDS [marks], work list, work serve PEER"),
    }
}
