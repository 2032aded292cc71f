//! Orderly ends.

use super::support::Server;
use super::*;

pub fn signal(server: &Server, signal: i32) {
    // SAFETY: no memory is involved; the process is our child, and was not waited for.
    unsafe { libc::kill(server.process.id() as i32, signal) };
}

#[test]
fn at_a_signal_sessions_go_on_until_they_end() {
    let mut proxy = Proxy::start(&[]);
    let (mut client, mut backend) = proxy.connect();
    assert_joined(&mut client, &mut backend);
    signal(&proxy.server, libc::SIGTERM);
    while TcpStream::connect(proxy.server.address).is_ok() {}
    assert_joined(&mut client, &mut backend);
    drop(client);
    assert_ended(&mut backend);
    drop(backend);
    assert!(proxy.server.end().success());
}

#[test]
fn the_grace_period_ends_and_a_second_signal_ends_it_at_once() {
    for (grace, second) in [("200", false), ("60000", true)] {
        let mut proxy = Proxy::start(&["--grace", grace]);
        let (mut client, mut backend) = proxy.connect();
        assert_joined(&mut client, &mut backend);
        signal(&proxy.server, libc::SIGINT);
        if second {
            while TcpStream::connect(proxy.server.address).is_ok() {}
            signal(&proxy.server, libc::SIGINT);
        }
        assert!(proxy.server.end().success());
    }
}
