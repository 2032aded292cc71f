//! The theorem of `Poller`: every class has its share, everything is out within the bound, nothing is lost and
//! nothing comes twice, however small the batch and however large the flood.

use std::collections::HashMap;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use mio_st::event::{EventedId, Events, Interests, Ready};
use mio_st::poll::{PollOption, Poller};
use mio_st::time::Instant;
use mio_st::unix::EventedFd;

use crate::support::{Rng, for_each_size, reports_in_parts};

const USER: usize = 1_000;
const KERNEL: usize = 2_000;
const DEADLINE: usize = 3_000;

/// Which class an event is of, by its id.
fn class(id: EventedId) -> usize {
    id.0 / 1_000 * 1_000
}

/// Sources of the kernel that are ready for reading, and stay so.
struct Pipes(Vec<(UnixStream, UnixStream)>);

impl Pipes {
    fn ready(count: usize) -> Pipes {
        Pipes(
            (0..count)
                .map(|_| {
                    let (mut here, there) = UnixStream::pair().unwrap();
                    here.write_all(b"x").unwrap();
                    (here, there)
                })
                .collect(),
        )
    }

    fn register<const U: usize, const T: usize>(&self, poller: &mut Poller<U, T>, opt: PollOption) {
        for (index, (_, there)) in self.0.iter().enumerate() {
            let mut source = EventedFd(&there.as_raw_fd());
            let id = EventedId(KERNEL + index);
            poller.register(&mut source, id, Interests::READABLE, opt).unwrap();
        }
    }
}

/// A flood in all three classes: each poll gives each class its share.
fn flood_in_all<const N: usize>() {
    let mut poller = Poller::<200, 200>::sized().unwrap();
    let mut events = Events::<N>::sized();
    let pipes = Pipes::ready(80);
    pipes.register(&mut poller, PollOption::Level);
    for index in 0..100 {
        let id = EventedId(USER + index);
        let key = poller.add_source(id, Interests::READABLE, PollOption::Level).unwrap();
        poller.set_ready(key, Ready::READABLE).unwrap();
    }
    for index in 0..200 {
        poller.add_deadline(EventedId(DEADLINE + index), Instant::ZERO).unwrap();
    }
    let mut recent = Vec::new();
    let mut seen = HashMap::<usize, usize>::new();
    for _ in 0..300 {
        poller.poll(&mut events, None).unwrap();
        assert!(events.is_full(), "places are left empty though more is pending");
        let mut shares = HashMap::from([(USER, 0), (KERNEL, 0), (DEADLINE, 0)]);
        for event in &mut events {
            *shares.get_mut(&class(event.id())).unwrap() += 1;
            *seen.entry(event.id().0).or_default() += 1;
            if event.readiness().is_timer() {
                // The flood goes on: what fires is due again at once.
                poller.add_deadline(event.id(), Instant::ZERO).unwrap();
            }
        }
        recent.push(shares);
        for class in [USER, KERNEL, DEADLINE] {
            if N >= 3 {
                assert!(recent[recent.len() - 1][&class] >= N / 3, "{recent:?}");
            } else if recent.len() >= 3 {
                let three = recent[recent.len() - 3..].iter().map(|shares| shares[&class]);
                assert!(three.sum::<usize>() >= 1, "{recent:?}");
            }
        }
    }
    // 300 polls give every class at least 100 places of 80, 100 and 200 sources.
    for (class, sources) in [(USER, 100), (KERNEL, 80)] {
        for id in class..class + sources {
            assert!(seen.contains_key(&id), "{id} starves with N = {N}");
        }
    }
}

#[test]
fn a_flood_in_every_class_leaves_each_its_share() {
    for_each_size!(flood_in_all of 1 2 3 64);
}

/// A flood in the two classes other than `lone`, and one single event in that.
fn one_against_two_floods<const N: usize>(lone: usize) {
    let mut poller = Poller::<200, 200>::sized().unwrap();
    let mut events = Events::<N>::sized();
    let pipes = Pipes::ready(if lone == KERNEL { 1 } else { 80 });
    pipes.register(&mut poller, PollOption::Level);
    for index in 0..if lone == USER { 0 } else { 100 } {
        let id = EventedId(USER + index);
        let key = poller.add_source(id, Interests::READABLE, PollOption::Level).unwrap();
        poller.set_ready(key, Ready::READABLE).unwrap();
    }
    if lone == USER {
        poller.notify(EventedId(USER), Ready::USER_3).unwrap();
    }
    for index in 0..if lone == DEADLINE { 1 } else { 200 } {
        poller.add_deadline(EventedId(DEADLINE + index), Instant::ZERO).unwrap();
    }
    for _ in 0..if N >= 3 { 1 } else { 3 } {
        poller.poll(&mut events, None).unwrap();
        for event in &mut events {
            if class(event.id()) == lone {
                return;
            }
            if event.readiness().is_timer() {
                poller.add_deadline(event.id(), Instant::ZERO).unwrap();
            }
        }
    }
    panic!("the one event of class {lone} starves with N = {N}");
}

#[test]
fn one_event_comes_through_two_floods() {
    for lone in [USER, KERNEL, DEADLINE] {
        one_against_two_floods::<1>(lone);
        one_against_two_floods::<2>(lone);
        one_against_two_floods::<3>(lone);
        one_against_two_floods::<64>(lone);
    }
}

/// Everything that is pending comes exactly once, in its order, within the bound.
fn nothing_lost<const N: usize>() {
    let mut poller = Poller::<300, 300>::sized().unwrap();
    let mut events = Events::<N>::sized();
    let pipes = Pipes::ready(60);
    pipes.register(&mut poller, PollOption::Oneshot);
    for index in 0..300 {
        poller.notify(EventedId(USER + index), Ready::USER_0).unwrap();
        // In the reverse order of time.
        let past = Instant::from_nanos(1_000 - index as u64);
        poller.add_deadline(EventedId(DEADLINE + index), past).unwrap();
    }
    let share = if N >= 3 { N / 3 } else { 1 };
    let parts = if reports_in_parts() { 60 } else { 0 };
    let polls = parts + if N >= 3 { 300usize.div_ceil(share) } else { 3 * 300 };
    let mut seen = HashMap::<usize, Vec<usize>>::new();
    for _ in 0..polls {
        poller.poll(&mut events, Some(core::time::Duration::ZERO)).unwrap();
        for event in &mut events {
            seen.entry(class(event.id())).or_default().push(event.id().0);
        }
    }
    assert!(seen[&USER].iter().copied().eq(USER..USER + 300));
    assert!(seen[&DEADLINE].iter().copied().eq((DEADLINE..DEADLINE + 300).rev()));
    let mut kernel = seen.remove(&KERNEL).unwrap();
    kernel.sort_unstable();
    assert!(kernel.into_iter().eq(KERNEL..KERNEL + 60));
    poller.poll(&mut events, Some(core::time::Duration::ZERO)).unwrap();
    assert!(events.is_empty() && !events.is_full());
}

#[test]
fn nothing_is_lost_and_nothing_comes_twice() {
    for_each_size!(nothing_lost of 1 2 3 64 256);
}

/// Places that no other class wants are not wasted.
#[test]
fn a_class_alone_has_the_whole_batch() {
    let mut poller = Poller::<90, 90>::sized().unwrap();
    let mut events = Events::<30>::sized();
    for index in 0..90 {
        poller.notify(EventedId(index), Ready::USER_0).unwrap();
    }
    for _ in 0..3 {
        poller.poll(&mut events, None).unwrap();
        assert_eq!(events.len(), 30);
    }
    for index in 0..90 {
        poller.add_deadline(EventedId(index), Instant::ZERO).unwrap();
    }
    for _ in 0..3 {
        poller.poll(&mut events, None).unwrap();
        assert_eq!(events.len(), 30);
    }
}

#[test]
fn without_the_kernel_the_two_classes_share() {
    fn both<const N: usize>() {
        let mut poller = Poller::<100, 100>::sized().unwrap();
        let mut events = Events::<N>::sized();
        for index in 0..100 {
            let id = EventedId(USER + index);
            let key = poller.add_source(id, Interests::READABLE, PollOption::Level).unwrap();
            poller.set_ready(key, Ready::READABLE).unwrap();
            poller.add_deadline(EventedId(DEADLINE + index), Instant::ZERO).unwrap();
        }
        let mut shares = [0, 0];
        for _ in 0..50 {
            poller.poll_userspace(&mut events).unwrap();
            assert!(events.is_full());
            for event in &mut events {
                let timer = event.readiness().is_timer();
                shares[usize::from(timer)] += 1;
                if timer {
                    poller.add_deadline(event.id(), Instant::ZERO).unwrap();
                }
            }
        }
        assert!(shares.iter().all(|&share| share >= 25 * (N / 2).max(1)), "{N}: {shares:?}");
    }
    for_each_size!(both of 1 2 3 64);
}

/// Who polls user space in between takes nobody's turn.
#[test]
fn polls_of_user_space_leave_the_turns_alone() {
    for between in 1..4 {
        let mut poller = Poller::<10, 10>::sized().unwrap();
        let mut events = Events::<1>::sized();
        let pipes = Pipes::ready(1);
        pipes.register(&mut poller, PollOption::Level);
        let key =
            poller.add_source(EventedId(USER), Interests::READABLE, PollOption::Level).unwrap();
        poller.set_ready(key, Ready::READABLE).unwrap();
        poller.add_interval(EventedId(DEADLINE), core::time::Duration::from_nanos(1)).unwrap();
        let (mut polled, mut user_space) = (HashMap::<_, usize>::new(), HashMap::<_, usize>::new());
        for _ in 0..30 {
            for _ in 0..between {
                poller.poll_userspace(&mut events).unwrap();
                for event in &mut events {
                    *user_space.entry(event.id().0).or_default() += 1;
                }
            }
            poller.poll(&mut events, None).unwrap();
            for event in &mut events {
                *polled.entry(event.id().0).or_default() += 1;
            }
        }
        let all = HashMap::from([USER, KERNEL, DEADLINE].map(|id| (id, 10)));
        assert_eq!(polled, all, "{between}");
        let both = HashMap::from([USER, DEADLINE].map(|id| (id, 15 * between)));
        assert_eq!(user_space, both, "{between}");
    }
}

/// A deadline that passes between two looks at the clock is no reason not to look at the kernel.
#[test]
fn a_deadline_that_is_always_near_does_not_hide_the_kernel() {
    let mut poller = Poller::<0, 10>::sized().unwrap();
    let mut events = Events::<16>::sized();
    for nanos in (0..5_000).step_by(100) {
        let add = |poller: &mut Poller<0, 10>| {
            let timeout = core::time::Duration::from_nanos(nanos);
            poller.add_timeout(EventedId(DEADLINE), timeout).unwrap()
        };
        // Many polls that find nothing in the kernel: the next ones sleep without a look before.
        for _ in 0..200 {
            add(&mut poller);
            poller.poll(&mut events, None).unwrap();
            assert_eq!(events.len(), 1);
        }
        let pipes = Pipes::ready(1);
        pipes.register(&mut poller, PollOption::Level);
        for poll in 0..10 {
            let key = add(&mut poller);
            poller.poll(&mut events, None).unwrap();
            let kernel = events.iter().any(|event| class(event.id()) == KERNEL);
            assert!(kernel, "poll {poll} has {events:?}, with a deadline {nanos} ns ahead");
            let _ = poller.cancel_deadline(key);
        }
    }
}

/// Thousands that were pushed back are put right before the one that is due; the kernel has its turn meanwhile.
#[test]
fn what_was_pushed_back_delays_nothing_for_long() {
    const MANY: usize = 20_000;
    let hour = core::time::Duration::from_secs(3_600);
    let pushed_back = |poller: &mut Poller<0, { MANY + 1 }>| {
        let keys: Vec<_> = (0..MANY)
            .map(|i| poller.add_deadline(EventedId(i), Instant::from_nanos(i as u64)).unwrap())
            .collect();
        assert_eq!(poller.next_deadline(), Some(Instant::ZERO));
        for key in keys {
            poller.update_deadline(key, Instant::now() + hour).unwrap();
        }
    };
    let mut place = Box::new_uninit();
    let poller = Poller::init_in(&mut place).unwrap();
    let mut events = Events::<64>::sized();

    pushed_back(poller);
    poller.add_deadline(EventedId(DEADLINE), Instant::from_nanos(MANY as u64)).unwrap();
    poller.poll(&mut events, None).unwrap();
    assert!((&mut events).into_iter().map(|event| event.id()).eq([EventedId(DEADLINE)]));

    let mut place = Box::new_uninit();
    let poller = Poller::init_in(&mut place).unwrap();
    pushed_back(poller);
    poller.poll(&mut events, Some(core::time::Duration::from_millis(1))).unwrap();
    assert!(events.is_empty());

    let mut place = Box::new_uninit();
    let poller = Poller::init_in(&mut place).unwrap();
    pushed_back(poller);
    poller.add_deadline(EventedId(DEADLINE), Instant::from_nanos(MANY as u64)).unwrap();
    let pipes = Pipes::ready(1);
    pipes.register(poller, PollOption::Level);
    let mut polls = 0;
    loop {
        poller.poll(&mut events, None).unwrap();
        polls += 1;
        let classes: Vec<_> = (&mut events).into_iter().map(|event| class(event.id())).collect();
        assert!(classes.contains(&KERNEL));
        if classes.contains(&DEADLINE) {
            break;
        }
    }
    assert!(polls <= MANY / 1_024 + 1, "{polls}");
}

/// Many deadlines that lie close together come in order, and keep to the bound.
#[test]
fn a_great_heap_of_deadlines_comes_in_order() {
    const MANY: usize = 20_000;
    let mut place = Box::new_uninit();
    let poller = Poller::<1, MANY>::init_in(&mut place).unwrap();
    let mut events = Events::<64>::sized();
    let pipes = Pipes::ready(10);
    pipes.register(poller, PollOption::Level);
    let mut random = Rng::new(1);
    let mut deadlines = Vec::new();
    for _ in 0..MANY {
        let deadline = Instant::from_nanos(random.below(1_000_000));
        deadlines.push(deadline);
        poller.add_deadline(EventedId(deadline.as_nanos() as usize), deadline).unwrap();
    }
    deadlines.sort_unstable();
    let mut fired = Vec::new();
    let mut kernel = 0;
    for _ in 0..MANY.div_ceil(64 / 3) {
        poller.poll(&mut events, None).unwrap();
        for event in &mut events {
            match event.readiness().is_timer() {
                true => fired.push(Instant::from_nanos(event.id().0 as u64)),
                false => kernel += 1,
            }
        }
        if fired.len() == MANY {
            break;
        }
    }
    assert_eq!(fired, deadlines);
    assert!(kernel >= 10);
}
