//! Ours against the best peer, from the rounds of one run.

use std::collections::BTreeMap;

use mio_st_benches::measure::{Score, median};
use mio_st_benches::timers::{Bare, Dary, Delays, HashWheel, Nexus, Null, Timers, TmWheel, Wheel};

use crate::layout::Table;

/// Ours are the heads of the rows; these are shown and never counted: one does nothing, one has no keys and
/// trusts its caller, one fires early.
const NOT_COUNTED: [&str; 3] = [Null::PEER, Bare::<Dary>::PEER, Nexus::PEER];

/// Milliseconds, and no order within a call: see tests/exactness.rs.
const INEXACT: [&str; 3] = [TmWheel::PEER, HashWheel::PEER, Delays::PEER];

const OURS: &str = Wheel::<1>::PEER;

/// By operation, in the order of the contests: of each size the ratio to the best, and which that is.
#[derive(Default)]
pub struct Ratios {
    operations: Vec<String>,
    all: BTreeMap<(String, String), String>,
    exact: BTreeMap<(String, String), String>,
    sizes: Vec<String>,
}

impl Ratios {
    /// Notes the scores of a contest, whose name is an operation and a number of deadlines.
    pub fn add(&mut self, contest: &str, scores: &[Score]) {
        let Some((operation, size)) = contest.rsplit_once(", ") else { return };
        // To ask again costs nothing, and is compared with nothing.
        if operation == "next" {
            return;
        }
        for (names, name) in [(&mut self.operations, operation), (&mut self.sizes, size)] {
            if !names.iter().any(|known| known == name) {
                names.push(name.into());
            }
        }
        let key = (operation.to_string(), size.to_string());
        let counts = |peer: &str| !peer.starts_with(OURS) && !NOT_COUNTED.contains(&peer);
        self.all.insert(key.clone(), cell(scores, counts));
        self.exact.insert(key, cell(scores, |peer| counts(peer) && !INEXACT.contains(&peer)));
    }

    pub fn print(&self) {
        for (title, cells) in [
            ("timers: ours / the best peer", &self.all),
            ("timers: ours / the best peer that is exact and in order", &self.exact),
        ] {
            let mut table = Table::new();
            for operation in &self.operations {
                table.row(operation.clone());
                for size in &self.sizes {
                    let cell = cells.get(&(operation.clone(), size.clone()));
                    table.cell(size, cell.cloned().unwrap_or_default());
                }
            }
            table.print(title);
        }
    }
}

/// The median of the rounds' ratios to the best of the peers that count.
fn cell(scores: &[Score], counts: impl Fn(&str) -> bool) -> String {
    let Some(ours) = scores.iter().find(|score| score.peer == OURS) else { return String::new() };
    let peers = scores.iter().filter(|score| counts(score.peer));
    let Some(best) = peers.min_by(|a, b| a.nanos.total_cmp(&b.nanos)) else { return String::new() };
    let ratios = ours.rounds.iter().zip(&best.rounds).map(|(ours, best)| ours / best);
    format!("{:.2} ({})", median(ratios.collect()), best.peer)
}
