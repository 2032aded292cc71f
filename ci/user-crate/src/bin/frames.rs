//! `frames STEP`: one poll, or registration, that comes to this step, for a debugger that stops there: see ci/frames.sh.

use core::time::Duration;
use std::env;

use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::socket::TcpListener;
use mio_st::time::Instant;

fn main() {
    let step = env::args().nth(1).expect("frames STEP");
    let (mut poller, mut events) = (Poller::new().unwrap(), Events::new());
    let (mut timeout, id) = (Duration::ZERO, EventedId(1));
    match step.as_str() {
        "no-wait" => {}
        "sleep" => timeout = Duration::from_millis(1),
        "sleep-nanos" => timeout = Duration::from_nanos(1_000_001),
        "sleep-with-timer" => {
            timeout = Duration::from_millis(1);
            poller.add_timeout(id, Duration::from_secs(9)).unwrap();
        }
        "sleep-precise" => {
            timeout = Duration::from_millis(1);
            poller.registry().set_precise(true).unwrap();
        }
        "spin" => {
            timeout = Duration::from_millis(1);
            poller.registry().set_spin(timeout);
        }
        "timer" => drop(poller.add_deadline(id, Instant::ZERO).unwrap()),
        "notification" => poller.notify(id, Ready::USER_0).unwrap(),
        "source" => {
            let key = poller.add_source(id, Interests::READABLE, PollOption::Edge).unwrap();
            poller.set_ready(key, Ready::READABLE).unwrap();
        }
        "register" => {
            let mut listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).unwrap();
            let interests = TcpListener::INTERESTS;
            poller.register(&mut listener, id, interests, PollOption::Level).unwrap();
        }
        _ => panic!("no such step: {step}"),
    }
    poller.poll(&mut events, Some(timeout)).unwrap();
}
