//! `user-crate WORK SIDE`: does some work by the library (`mio-st`) or by bare calls of libc (`raw`), in
//! functions named `measured_work`, and prints how many operations that were.

mod mio_st_side;
mod raw_side;
mod work;

use std::env;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [work, side] = arguments.as_slice() else { panic!("user-crate WORK SIDE") };
    let (name, count) = work.rsplit_once(' ').unwrap_or((work, "0"));
    let count: usize = count.parse().expect("WORK ends with a number");
    let operations = match (side.as_str(), name) {
        ("mio-st", "ready") => mio_st_side::ready(count),
        ("mio-st", "idle") => mio_st_side::idle(),
        ("mio-st", "idle, deadlines") => mio_st_side::idle_with_deadlines(count),
        ("mio-st", "push back and poll, deadlines") => mio_st_side::push_back(count),
        ("mio-st", "echo") => mio_st_side::echo(count),
        ("mio-st", "connections") => mio_st_side::connections::<false>(count),
        ("mio-st", "connections, read first") => mio_st_side::connections::<true>(count),
        ("raw", "ready") => raw_side::ready(count),
        ("raw", "idle") => raw_side::idle(),
        ("raw", "echo") => raw_side::echo(count),
        ("raw", "connections") => raw_side::connections::<false>(count, false),
        ("raw", "connections, read first") => raw_side::connections::<true>(count, false),
        ("raw", "connections kept") => raw_side::connections::<false>(count, true),
        ("raw", "connections kept, read first") => raw_side::connections::<true>(count, true),
        _ => panic!("no such work: {work}, by {side}"),
    };
    println!("{operations}");
}
