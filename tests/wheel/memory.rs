//! How much memory a wheel takes, and where it can live.

use core::mem::{MaybeUninit, size_of};
use core::time::Duration;

use mio_st::Error;
use mio_st::event::EventedId;
use mio_st::time::Instant;
use mio_st::timer::{DeadlineKey, TimerWheel};

/// In zeroed memory: `new` is all zeros, or this would make the test's file 3 MB longer.
static LARGE: std::sync::Mutex<TimerWheel<100_000>> = std::sync::Mutex::new(TimerWheel::new());

macro_rules! sizes {
    ($($n:literal)*) => {
        $(
            const _: () = assert!(size_of::<TimerWheel<$n>>() <= 40 * $n + 256);
            const _: () = assert!(size_of::<TimerWheel<$n>>() >= 32 * $n + 128);
            const _: () = assert!(size_of::<TimerWheel<$n>>() <= 32 * $n + 224);
            const _: () = assert!(align_of::<TimerWheel<$n>>() == 64);
        )*
    };
}

sizes! {
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 31 32 33 63 64 65 100 127 128 129 160 191 192 193 255 256 257
    300 500 511 512 513 1000 1023 1024 1025 2000 4095 4096 4097 10000 65535 65536 65537 100000 1000000 1048576
    16777215 16777216
}

#[test]
fn a_key_has_eight_bytes_and_a_niche() {
    assert_eq!(size_of::<DeadlineKey>(), 8);
    assert_eq!(size_of::<Option<DeadlineKey>>(), 8);
}

/// A debug build too must not build a wheel on the stack only to move it.
#[test]
fn a_million_timers_fit_where_the_stack_is_64_kib() {
    fn visit<const N: usize>(wheel: &mut TimerWheel<N>) {
        for i in 0..N as u64 {
            wheel.insert(Instant::from_nanos(i % 1000), EventedId(i as usize)).unwrap();
        }
        assert_eq!(wheel.insert(Instant::ZERO, EventedId(0)), Err(Error::Full));
        let mut fired = 0;
        while !wheel.is_empty() {
            wheel.expire(Instant::from_nanos(1000), 10_000, |_, _| fired += 1);
        }
        assert_eq!(fired, N);
    }
    let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(|| {
        // A `static`, and memory from elsewhere.
        visit(&mut LARGE.lock().unwrap());
        let mut memory: Box<MaybeUninit<TimerWheel<1_000_000>>> = Box::new_uninit();
        visit(TimerWheel::init_in(&mut memory));
    });
    thread.unwrap().join().unwrap();
}

/// One more is a compile error: see the documentation of the type.
#[test]
fn the_largest_capacity_compiles() {
    type Largest = TimerWheel<16_777_216>;
    let init: fn(&mut MaybeUninit<Largest>) -> &mut Largest = TimerWheel::init_in;
    core::hint::black_box(init);
}

/// What lay in the memory before does not matter.
#[test]
fn a_wheel_is_made_over_an_old_one() {
    let mut memory = MaybeUninit::<TimerWheel<700>>::uninit();
    let mut keys = Vec::new();
    for _ in 0..3 {
        let wheel = TimerWheel::init_in(&mut memory);
        assert!(wheel.is_empty());
        assert_eq!(wheel.next_deadline(), None);
        assert!(keys.iter().all(|&key| !wheel.contains(key)));
        keys.extend((0..700).map(|i| wheel.insert(Instant::from_nanos(i), EventedId(0)).unwrap()));
        assert!(keys.iter().rev().take(700).all(|&key| wheel.contains(key)));
        assert_eq!(wheel.len(), 700);
    }
}

#[test]
fn a_wheel_without_room_is_a_wheel() {
    let mut wheel = TimerWheel::<0>::default();
    let mut other = TimerWheel::<1>::new();
    let key = other.insert(Instant::ZERO, EventedId(1)).unwrap();
    assert_eq!(wheel.insert(Instant::ZERO, EventedId(1)), Err(Error::Full));
    let interval = wheel.insert_interval(Instant::ZERO, Duration::from_nanos(1), EventedId(1));
    assert_eq!(interval, Err(Error::Full));
    assert_eq!(wheel.cancel(key), Err(Error::StaleKey));
    assert_eq!(wheel.update(key, Instant::MAX), Err(Error::StaleKey));
    assert!(!wheel.remove(EventedId(1)) && !wheel.contains(key));
    assert_eq!(wheel.deadline(key), None);
    assert_eq!((wheel.next_deadline(), wheel.next_wakeup()), (None, None));
    assert_eq!(wheel.expire(Instant::MAX, usize::MAX, |_, _| panic!("nothing can fire")), 0);
    assert_eq!((wheel.len(), wheel.is_empty(), wheel.capacity()), (0, true, 0));
    assert_eq!(wheel.iter().count(), 0);
}

/// `N` are taken and not one more; the one that is refused changes nothing.
#[test]
fn capacities_are_exact() {
    fn fill<const N: usize>() {
        let mut wheel = Box::new(TimerWheel::<N>::new());
        for round in 0..3 {
            let now = round * 1_000_000;
            let mut keys: Vec<_> = (0..N)
                .map(|i| {
                    wheel
                        .insert(Instant::from_nanos(now + 7 * i as u64 % 1000), EventedId(i))
                        .unwrap()
                })
                .collect();
            let before: Vec<_> = wheel.iter().collect();
            let next = wheel.next_deadline();
            assert_eq!(wheel.insert(Instant::ZERO, EventedId(N)), Err(Error::Full));
            let interval =
                wheel.insert_interval(Instant::ZERO, Duration::from_secs(1), EventedId(N));
            assert_eq!(interval, Err(Error::Full));
            assert_eq!(wheel.iter().collect::<Vec<_>>(), before);
            assert_eq!((wheel.next_deadline(), wheel.len()), (next, N));

            // Full, it still moves what it has, and takes one for one.
            for (i, &key) in keys.iter().enumerate() {
                wheel.update(key, Instant::from_nanos(now + (i as u64 * 31) % 977)).unwrap();
            }
            let last = keys.pop().unwrap();
            wheel.cancel(last).unwrap();
            keys.push(wheel.insert(Instant::from_nanos(now), EventedId(0)).unwrap());
            assert_eq!(wheel.insert(Instant::ZERO, EventedId(N)), Err(Error::Full));

            let mut fired = 0;
            while !wheel.is_empty() {
                wheel.expire(Instant::from_nanos(now + 1000), 100, |_, _| fired += 1);
            }
            assert_eq!(fired, N);
        }
    }
    fill::<1>();
    fill::<2>();
    fill::<3>();
    fill::<16>();
    fill::<200>();
    fill::<300>();
    fill::<777>();
    fill::<3000>();
}
