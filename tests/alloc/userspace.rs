//! User events, sources, deadlines and the slab: with and without room, with keys that are good or stale.

use core::mem::MaybeUninit;

use mio_st::Error;
use mio_st::event::{EventedId, Events, Interests, Ready, ReadyQueue};
use mio_st::poll::{PollOption, Poller};
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::TimerWheel;

use super::*;

const ID: EventedId = EventedId(7);

/// How many events of `ID` a poll brings.
fn count(events: &mut Events<8>) -> usize {
    events.into_iter().filter(|event| event.id() == ID).count()
}

#[test]
fn user_events_and_sources() {
    without_allocating(|| {
        let mut poller = Poller::<4, 0>::sized().unwrap();
        let mut events = Events::<8>::sized();
        for opt in [PollOption::Edge, PollOption::Level, PollOption::Oneshot] {
            let key = poller.add_source(ID, Interests::BOTH, opt).unwrap();
            for _ in 0..3 {
                poller.notify(ID, Ready::USER_0).unwrap();
            }
            assert_eq!(poller.notify(ID, Ready::USER_0), Err(Error::Full));
            assert!(poller.add_source(ID, Interests::BOTH, opt) == Err(Error::Full));
            poller.set_ready(key, Ready::READABLE | Ready::HUP).unwrap();
            poller.poll(&mut events, None).unwrap();
            assert_eq!(count(&mut events), 4);
            poller.rearm(key).unwrap();
            poller.poll_userspace(&mut events).unwrap();
            poller.poll_interruptible(&mut events, Some(Duration::ZERO)).unwrap();
            poller.clear_ready(key, Ready::all()).unwrap();
            poller.remove_source(key).unwrap();
            let stale = [
                poller.set_ready(key, Ready::READABLE),
                poller.clear_ready(key, Ready::READABLE),
                poller.rearm(key),
                poller.remove_source(key),
            ];
            assert_eq!(stale, [Err(Error::StaleKey); 4]);
            poller.poll_userspace(&mut events).unwrap();
            assert!(events.is_empty());
        }
    });
}

#[test]
fn deadlines_and_intervals() {
    without_allocating(|| {
        let mut poller = Poller::<0, 4>::sized().unwrap();
        let mut events = Events::<8>::sized();
        let past = poller.add_deadline(ID, Instant::ZERO).unwrap();
        let soon = poller.add_timeout(ID, Duration::from_micros(100)).unwrap();
        let interval = poller.add_interval(ID, Duration::from_micros(100)).unwrap();
        assert!(poller.add_deadline(ID, Instant::MAX) == Err(Error::Full));
        assert!(poller.add_timeout(ID, Duration::MAX) == Err(Error::Full));
        assert!(poller.add_interval(ID, Duration::MAX) == Err(Error::Full));
        assert_eq!(poller.next_deadline(), Some(Instant::ZERO));
        let mut seen = 0;
        while seen < 8 {
            poller.poll(&mut events, None).unwrap();
            seen += count(&mut events);
            poller.poll_userspace(&mut events).unwrap();
            seen += count(&mut events);
        }
        for gone in [past, soon] {
            assert_eq!(poller.update_deadline(gone, Instant::MAX), Err(Error::StaleKey));
            assert_eq!(poller.cancel_deadline(gone), Err(Error::StaleKey));
        }
        poller.update_deadline(interval, Instant::MAX).unwrap();
        poller.poll(&mut events, Some(Duration::from_micros(1))).unwrap();
        poller.cancel_deadline(interval).unwrap();
        assert_eq!(poller.cancel_deadline(interval), Err(Error::StaleKey));
        assert!(poller.add_interval(ID, Duration::ZERO) == Err(Error::InvalidInput));
        poller.add_timeout(ID, Duration::MAX).unwrap();
        assert!(poller.remove_deadline(ID) && !poller.remove_deadline(ID));
        assert_eq!(poller.next_deadline(), None);
    });
}

#[test]
fn without_room_for_anything() {
    without_allocating(|| {
        let mut poller = Poller::<0, 0>::sized().unwrap();
        assert_eq!(poller.notify(ID, Ready::USER_0), Err(Error::Full));
        let source = poller.add_source(ID, Interests::BOTH, PollOption::Edge);
        assert!(source == Err(Error::Full));
        assert!(poller.add_deadline(ID, Instant::ZERO) == Err(Error::Full));
        assert!(!poller.remove_deadline(ID));
        poller.poll_userspace(&mut Events::<1>::sized()).unwrap();
    });
}

#[test]
fn what_is_made_in_place() {
    let mut place = MaybeUninit::<Poller<8, 8>>::uninit();
    let mut queue = MaybeUninit::<ReadyQueue<8>>::uninit();
    let mut wheel = MaybeUninit::<TimerWheel<8>>::uninit();
    without_allocating(|| {
        let poller = Poller::init_in(&mut place).unwrap();
        let mut events = Events::<8>::sized();
        poller.notify(ID, Ready::USER_0).unwrap();
        poller.add_deadline(ID, Instant::ZERO).unwrap();
        poller.poll(&mut events, None).unwrap();
        assert_eq!(count(&mut events), 2);
        ReadyQueue::init_in(&mut queue).notify(ID, Ready::USER_0).unwrap();
        TimerWheel::init_in(&mut wheel).insert(Instant::ZERO, ID).unwrap();
    });
    // SAFETY: it was made above, and is dropped once.
    #[allow(unsafe_code)]
    without_allocating(|| unsafe { place.assume_init_drop() });
}

#[test]
fn a_slab() {
    let mut place = MaybeUninit::<Slab<[u8; 100], 3>>::uninit();
    without_allocating(|| {
        let slab = Slab::init_in(&mut place);
        let keys = [(); 3].map(|()| slab.insert([1; 100]).unwrap());
        assert_eq!(slab.insert([2; 100]), Err([2; 100]));
        assert_eq!(slab.insert_with(|_| [2; 100]), Err(Error::Full));
        assert!(slab.vacant_entry().is_err());
        assert_eq!(slab.remove(keys[1]), Some([1; 100]));
        assert!(slab.get(keys[1]).is_none() && slab.remove(keys[1]).is_none());
        let key = slab.insert_with(|_| [3; 100]).unwrap();
        assert!(slab.contains(key) && slab.iter().count() == 3);
        slab.clear();
        assert!(slab.is_empty());
    });
}
