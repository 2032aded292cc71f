//! Addresses at which nothing listens until a test does.

use core::net::{IpAddr, SocketAddr};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{fs, process};

/// Below what a system gives out by itself: such a port, once free again, is soon that of another
/// test's socket.
const PORTS: core::ops::Range<u16> = 2_000..10_000;

/// Returns an address of this host to which nothing is bound, by TCP or UDP. It stays so until
/// the caller binds to it: each call returns another, and other processes begin elsewhere.
pub fn vacant(ip: impl Into<IpAddr>) -> SocketAddr {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let taken = taken();
    let ports = PORTS.map(|_| {
        let nth = process::id().wrapping_mul(97).wrapping_add(COUNT.fetch_add(1, Relaxed));
        PORTS.start + (nth % PORTS.len() as u32) as u16
    });
    let port = ports.into_iter().find(|port| !taken.contains(port));
    SocketAddr::new(ip.into(), port.expect("every port is taken"))
}

/// The ports of all sockets of the host, if the system tells. Not found out by binding: if another
/// thread starts a program at that moment, it has a copy of the socket for a while.
fn taken() -> Vec<u16> {
    let tables = ["tcp", "tcp6", "udp", "udp6"].map(|name| format!("/proc/net/{name}"));
    let tables = tables.map(|path| fs::read_to_string(path).unwrap_or_default());
    let sockets = tables.iter().flat_map(|table| table.lines().skip(1));
    // "  0: 0100007F:1F90 00000000:0000 0A ..."
    let ports = sockets.filter_map(|line| line.split_whitespace().nth(1)?.rsplit(':').next());
    ports.filter_map(|port| u16::from_str_radix(port, 16).ok()).collect()
}
