//! How much stack a poller needs: a thread with 64 KiB can use one.

use core::mem::MaybeUninit;
use core::time::Duration;

use mio_st::event::{EventedId, Events, Ready};
use mio_st::poll::Poller;

fn on_a_stack_of(kilobytes: usize, body: fn()) {
    std::thread::Builder::new().stack_size(kilobytes * 1024).spawn(body).unwrap().join().unwrap();
}

/// Everything that a poller does, in a few events.
fn use_it(poller: &mut Poller) {
    let mut events = Events::new();
    poller.notify(EventedId(1), Ready::USER_0).unwrap();
    poller.add_timeout(EventedId(2), Duration::from_millis(1)).unwrap();
    let mut seen = 0;
    while seen < 2 {
        poller.poll(&mut events, None).unwrap();
        seen += (&mut events).into_iter().count();
    }
}

#[test]
fn a_poller_in_place_serves_a_thread_with_64_kib_of_stack() {
    on_a_stack_of(64, || {
        let mut memory: Box<MaybeUninit<Poller>> = Box::new_uninit();
        use_it(Poller::init_in(&mut memory).unwrap());
    });
}

#[test]
fn a_poller_by_value_needs_no_more_stack_than_documented() {
    let kilobytes = if cfg!(debug_assertions) { 256 } else { 64 };
    on_a_stack_of(kilobytes, || use_it(&mut Poller::new().unwrap()));
}
