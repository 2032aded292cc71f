//! All contests.

pub mod adversaries;
mod connections;
mod datagrams;
mod deadlines;
mod poll;
mod queues;
mod round_trip;
mod timers;
mod user;
mod wakers;

use crate::measure::Contest;

/// Everything that is measured in rounds. Nothing is set up before a contest is run.
pub fn all() -> Vec<Contest> {
    let mut all = Vec::new();
    all.extend(poll::contests());
    all.extend(user::contests());
    all.extend(wakers::contests());
    all.extend(deadlines::contests());
    all.extend(round_trip::contests());
    all.extend(connections::contests());
    all.extend(datagrams::contests());
    all.extend(queues::contests());
    all.extend(timers::contests());
    all.extend(adversaries::contests());
    all
}

/// The contest of that section and name.
pub fn find(section: &str, name: &str) -> Option<Contest> {
    all().into_iter().find(|contest| contest.section == section && contest.name == name)
}

/// A contest of the same generic function for each of the selectors.
macro_rules! of_selectors {
    ($contest:expr, $run:ident($($argument:expr),*)) => {{
        use crate::selectors::{Calloop, Mio, MioSt, Polling, Raw, Selector};
        let contest = $contest
            .with(Raw::PEER, move || $run::<Raw>($($argument),*))
            .with(MioSt::PEER, move || $run::<MioSt>($($argument),*))
            .with(Mio::PEER, move || $run::<Mio>($($argument),*))
            .with(Polling::PEER, move || $run::<Polling>($($argument),*))
            .with(Calloop::PEER, move || $run::<Calloop>($($argument),*));
        crate::contests::and_c!(contest, |L| $run::<CLoop<L>>($($argument),*))
    }};
}
use of_selectors;

/// A contest that C's event loops join, where they are built in.
#[cfg(feature = "c-peers")]
macro_rules! and_c {
    ($contest:expr, |$L:ident| $run:expr) => {{
        #[allow(unused_imports)]
        // the generic function may be of the loops or of the libraries
        use crate::selectors::CLoop;
        use crate::selectors::{Libev, Libevent, Library, Libuv};
        let contest = $contest;
        let contest = contest.with(Libev::PEER, move || {
            type $L = Libev;
            $run
        });
        let contest = contest.with(Libevent::PEER, move || {
            type $L = Libevent;
            $run
        });
        contest.with(Libuv::PEER, move || {
            type $L = Libuv;
            $run
        })
    }};
}
#[cfg(not(feature = "c-peers"))]
macro_rules! and_c {
    ($contest:expr, |$L:ident| $run:expr) => {
        $contest
    };
}
use and_c;

#[cfg(test)]
mod tests {
    /// Each peer does its work once; that no contest panics is what this shows.
    #[test]
    fn every_peer_of_every_contest_can_do_its_work() {
        for contest in super::all() {
            if contest.section == "timers" && !contest.name.ends_with(" 256") {
                continue; // the same at other sizes
            }
            for entry in &contest.entries {
                let sample = (entry.make)()();
                assert!(sample.ops > 0, "{} {} {}", contest.section, contest.name, entry.peer);
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = super::all().iter().map(|contest| contest.id()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
