//! Connections between a virtual machine and its host, here of one machine with itself.
#![cfg(all(feature = "std", target_os = "linux"))]
#![allow(clippy::std_instead_of_core)]

use std::time::Duration;

use mio_st::Error;
use mio_st::event::{EventedId, Events};
use mio_st::poll::{PollOption, Poller};
use mio_st::socket::{ConnectStatus, VsockAddress, VsockListener, VsockStream};

use crate::support::net::{alone, leaks, until};
use crate::support::skip;

#[test]
fn both_ends_of_a_machine_with_itself_talk() {
    let _alone = alone();
    let any = VsockAddress { cid: VsockAddress::ANY, port: VsockAddress::ANY };
    let mut listener = match VsockListener::bind(any) {
        Err(Error::Unsupported) => return skip("this kernel has no vsock"),
        answer => answer.unwrap(),
    };
    assert!(!leaks(|| {
        let own = listener.local_addr().unwrap();
        assert_ne!(own.port, VsockAddress::ANY);
        assert!(VsockListener::bind(own).is_err(), "in use");
        let to = VsockAddress { cid: VsockAddress::LOCAL, port: own.port };
        let mut stream = match VsockStream::connect(to) {
            Ok(stream) => stream,
            Err(error) => return skip(format_args!("no way to this machine itself: {error}")),
        };
        let mut poller = Poller::new().unwrap();
        let (one, two) = (EventedId(1), EventedId(2));
        poller.register(&mut stream, one, VsockStream::INTERESTS, PollOption::Level).unwrap();
        poller.register(&mut listener, two, VsockListener::INTERESTS, PollOption::Level).unwrap();
        // Without a transport for it, the attempt takes two seconds to fail.
        let mut events = Events::new();
        poller.poll(&mut events, Some(Duration::from_millis(200))).unwrap();
        match stream.connect_status() {
            Ok(ConnectStatus::Connected) => {}
            answer => return skip(format_args!("no way to this machine itself: {answer:?}")),
        }
        until(&mut poller, two, |event| event.readiness().is_readable());
        let (server, _) = listener.accept().unwrap();
        assert_eq!(stream.write(b"hello"), Ok(5));
        while server.read(&mut [0; 8]).is_err() {}
        assert_eq!(stream.peer_addr().unwrap().port, own.port);
        assert!(format!("{stream:?}").contains("vsock"));
    }));
}
