//! With the feature `c-peers`: builds what C has to say to the adapters of its event loops.

fn main() {
    println!("cargo::rerun-if-changed=src/selectors/c");
    #[cfg(feature = "c-peers")]
    c_peers();
}

#[cfg(feature = "c-peers")]
fn c_peers() {
    let files = ["libev", "libevent", "libuv"].map(|peer| format!("src/selectors/c/{peer}.c"));
    // ev.h's macros take every watcher for an `ev_watcher`.
    cc::Build::new().files(files).opt_level(3).flag("-fno-strict-aliasing").compile("peers");
    // libev last: it has functions of libevent's names, in imitation of an old one.
    for library in ["event_core", "event_pthreads", "uv", "ev"] {
        println!("cargo::rustc-link-lib={library}");
    }
}
