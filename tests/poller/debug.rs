//! What values look like in messages: short, and useful.

use core::time::Duration;

use mio_st::event::{EventedId, Ready};
use mio_st::poll::{Poller, Registry};

#[test]
fn a_poller_shows_its_descriptor_and_how_full_it_is() {
    let mut poller = Poller::<4, 8>::sized().unwrap();
    poller.notify(EventedId(1), Ready::USER_0).unwrap();
    for _ in 0..3 {
        poller.add_timeout(EventedId(2), Duration::from_secs(9)).unwrap();
    }
    let fd = poller.raw_fd();
    let text = format!("{poller:?}");
    assert_eq!(text, format!("Poller {{ fd: {fd}, user: 1 of 4, timers: 3 of 8, .. }}"));
}

#[test]
fn a_registry_shows_its_descriptor() {
    let registry = Registry::new().unwrap();
    assert_eq!(format!("{registry:?}"), format!("Registry {{ fd: {}, .. }}", registry.raw_fd()));
}

#[test]
fn the_key_of_a_timer_is_short() {
    let mut poller = Poller::new().unwrap();
    let key = poller.add_timeout(EventedId(2), Duration::from_secs(9)).unwrap();
    let text = format!("{key:?}");
    assert!(text.starts_with("DeadlineKey(") && text.len() < 50, "{text}");
}
