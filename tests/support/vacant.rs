//! Addresses at which nothing listens until a test does.

use core::net::{IpAddr, SocketAddr};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::net::{TcpListener, UdpSocket};
use std::process;

/// Below what a system gives out by itself: such a port, once free again, is soon that of another
/// test's socket.
const PORTS: core::ops::Range<u16> = 2_000..10_000;

/// Returns an address of this host to which nothing is bound, by TCP or UDP. It stays so until
/// the caller binds to it: each call returns another, and other processes begin elsewhere.
pub fn vacant(ip: impl Into<IpAddr>) -> SocketAddr {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let ip = ip.into();
    for _ in PORTS {
        let nth = process::id().wrapping_mul(97) + COUNT.fetch_add(1, Relaxed);
        let address = SocketAddr::new(ip, PORTS.start + (nth % PORTS.len() as u32) as u16);
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
    panic!("every port is taken");
}
