use mio_st_benches::{contests, measure, sys};
fn main() {
    sys::raise_descriptor_limit();
    let want = std::env::args().nth(1).unwrap_or_default();
    for c in contests::all() { let full=format!("{} {}", c.section, c.name); if !full.contains(&want) {continue}
      let s = measure::run(&c, 15); print!("{full:36}"); for x in &s { print!(" {} {:.1} ({:.2}) a{:.2}", x.peer, x.nanos, x.nanos/s[0].nanos, x.allocations); } println!(); }
}
