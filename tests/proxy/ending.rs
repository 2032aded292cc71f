//! Orderly ends.

use super::*;

#[test]
fn at_a_signal_sessions_go_on_until_they_end() {
    let mut proxy = Proxy::start(&[]);
    let (mut client, mut backend) = proxy.connect();
    assert_joined(&mut client, &mut backend);
    proxy.server.signal(libc::SIGTERM);
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
        proxy.server.signal(libc::SIGINT);
        if second {
            while TcpStream::connect(proxy.server.address).is_ok() {}
            proxy.server.signal(libc::SIGINT);
        }
        assert!(proxy.server.end().success());
        // Neither peer takes it for an orderly end: more was to come. And what was carried counts.
        for stream in [&mut client, &mut backend] {
            assert_reset(stream);
        }
        proxy.server.wait_for("1 sessions, 10 bytes");
    }
}
