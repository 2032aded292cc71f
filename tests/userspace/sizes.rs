//! What each capacity costs, as `examples/tuned.rs` tells it, and where it can lie.

use core::fmt::Write;
use std::sync::Mutex;

use mio_st::event::{EventedId, Events, Ready, ReadyQueue};
use mio_st::poll::Poller;
use mio_st::slab::Slab;
use mio_st::time::Instant;
use mio_st::timer::TimerWheel;

const EXAMPLE: &str = include_str!("../../examples/tuned.rs");

/// A row of the table: the sizes of a type for each capacity.
macro_rules! row {
    ($table:ident, $name:literal, |$n:ident| $type:ty) => {
        row!($table, $name, "0", |$n| $type: 0 1 8 64 512 10_000 1_000_000)
    };
    // Where there is none for 0.
    ($table:ident, $name:literal, from 1, |$n:ident| $type:ty) => {
        row!($table, $name, "-", |$n| $type: 1 8 64 512 10_000 1_000_000)
    };
    ($table:ident, $name:literal, $zero:literal, |$n:ident| $type:ty: $($value:literal)*) => {{
        write!($table, "//! | `{}` |", $name).unwrap();
        if $zero == "-" {
            write!($table, " - |").unwrap();
        }
        $({
            const $n: usize = $value;
            write!($table, " {} |", thousands(size_of::<$type>())).unwrap();
        })*
        $table.push('\n');
    }};
}

fn table() -> String {
    let mut table = String::new();
    row!(table, "Poller<N, 0>", |N| Poller<N, 0>);
    row!(table, "Poller<0, N>", |N| Poller<0, N>);
    row!(table, "Poller<N, N>", |N| Poller<N, N>);
    row!(table, "ReadyQueue<N>", |N| ReadyQueue<N>);
    row!(table, "TimerWheel<N>", |N| TimerWheel<N>);
    row!(table, "Events<N>", from 1, |N| Events<N>);
    row!(table, "Slab<u64, N>", |N| Slab<u64, N>);
    row!(table, "Slab<[u8; 1000], N>", |N| Slab<[u8; 1000], N>);
    table
}

fn thousands(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1000), number % 1000),
    }
}

/// An event is another size on other systems, and so is a registry.
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(mio_st_backend = "kqueue")))]
#[test]
fn the_table_is_true() {
    let told: String = EXAMPLE
        .lines()
        .filter(|line| line.starts_with("//! | `"))
        .map(|line| format!("{line}\n"))
        .collect();
    let table = table();
    assert!(told == table, "examples/tuned.rs should say:\n{table}\nand says:\n{told}");
}

#[test]
fn it_has_a_row_for_each_machine_everywhere() {
    for row in table().lines() {
        let name = row.split('`').nth(1).unwrap();
        assert!(EXAMPLE.contains(&format!("//! | `{name}` |")), "{name}");
        assert_eq!(row.matches('|').count(), 9, "{row}");
    }
}

/// What it says in words.
#[test]
fn what_is_not_used_costs_nothing() {
    let nothing = size_of::<Poller<0, 0>>();
    assert!(nothing <= 512, "{nothing}");
    let one = size_of::<Poller<1, 0>>() - nothing;
    assert!(one <= 128, "{one}");
    // The two do not depend on each other.
    let (user, timers) = (size_of::<Poller<64, 0>>(), size_of::<Poller<0, 64>>());
    assert_eq!(size_of::<Poller<64, 64>>() + nothing, user + timers);
    assert_eq!(size_of::<Poller>(), size_of::<Poller<512, 512>>());
}

/// A handle is its descriptor and what can occur. On kqueue it has two words of memory more.
#[test]
fn a_handle_takes_one_word_on_epoll_and_three_on_kqueue() {
    let words = |size: usize| size.div_ceil(size_of::<u64>());
    let has_memory = cfg!(any(mio_st_backend = "kqueue", not(target_os = "linux")));
    let most = if has_memory { 3 } else { 1 };
    assert!(words(size_of::<mio_st::socket::TcpStream>()) <= most);
    // It remembers how it writes, too.
    assert!(words(size_of::<mio_st::unix::EventedIo>()) <= most + 1);
    #[cfg(feature = "std")]
    assert!(words(size_of::<mio_st::net::TcpStream>()) <= most);
}

// The compiler evaluates each byte of it, in every build: a million would take seconds.
type All = (Events<100_000>, ReadyQueue<100_000>, TimerWheel<100_000>, Slab<[u8; 248], 100_000>);

static ALL: Mutex<All> =
    Mutex::new((Events::sized(), ReadyQueue::new(), TimerWheel::new(), Slab::new()));

/// More than 10 MB that are not in the program's file, and never on the stack.
#[test]
fn a_static_takes_no_space_in_the_file_and_none_of_the_stack() {
    let file = std::env::current_exe().unwrap().metadata().unwrap().len() as usize;
    assert!(size_of::<All>() > 10_000_000, "{}", size_of::<All>());
    assert!(file < size_of::<All>(), "{file}, {}", size_of::<All>());

    let small = std::thread::Builder::new().stack_size(64 * 1024);
    let thread = small.spawn(|| {
        let (events, queue, wheel, slab) = &mut *ALL.lock().unwrap();
        queue.notify(EventedId(1), Ready::USER_0).unwrap();
        wheel.insert(Instant::ZERO, EventedId(2)).unwrap();
        assert!(slab.insert([0; 248]).is_ok());
        assert_eq!((events.capacity(), events.len(), slab.len()), (100_000, 0, 1));
    });
    thread.unwrap().join().unwrap();
}
