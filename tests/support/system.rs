//! Which kernel queue the tests run on.

use std::env;

/// Whether the backend is kqueue: on Linux by choice, elsewhere always.
pub const KQUEUE: bool =
    cfg!(any(mio_st_backend = "kqueue", not(any(target_os = "linux", target_os = "android"))));

/// Returns whose kernel queue this is: `linux`, or a system with kqueue. On Linux, by choice, it is
/// the one that the kqueue shim was told to be; or unknown, if it was told nothing or another
/// library is linked.
pub fn system() -> &'static str {
    if !KQUEUE {
        return "linux";
    }
    if !cfg!(mio_st_backend = "kqueue") {
        return env::consts::OS;
    }
    let personality = env::var("MIO_ST_KQUEUE_PERSONALITY").unwrap_or_default();
    ["lenient", "freebsd", "netbsd", "openbsd", "macos", "spiteful"]
        .into_iter()
        .find(|known| *known == personality)
        .unwrap_or("unknown")
}

/// Whether events may come that tell nothing new: under `Edge`, of a direction that is ready but
/// has not changed.
pub fn is_spurious_fine() -> bool {
    matches!(system(), "spiteful" | "unknown")
}

/// Whether a poll may report some of what is ready, and one direction of a source without the
/// other.
pub fn reports_in_parts() -> bool {
    system() == "spiteful"
}
