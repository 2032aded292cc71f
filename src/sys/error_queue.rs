//! The error queue of a socket: recv(2) with `MSG_ERRQUEUE`, ip(7) `IP_RECVERR`, and the kernel's
//! Documentation/networking/timestamping.rst and msg_zerocopy.rst. Linux only.

use core::net::SocketAddr;
use core::time::Duration;

use super::fd::RawFd;
use crate::error::Result;

/// A message of a socket's error queue. Linux only.
///
/// With `IP_RECVERR`, an error that the network reports (ICMP) is queued together with the datagram
/// that caused it. Times of sending (`SO_TIMESTAMPING`) and the end of sending without copying
/// (`MSG_ZEROCOPY`) arrive through the same queue.
///
/// As long as the queue is not empty, the socket is [`ERROR`](crate::event::Ready::ERROR), and so
/// [`is_readable`](crate::event::Ready::is_readable), although a read would block and `take_error`
/// returns nothing. Under [`Level`](crate::poll::PollOption::Level) a loop that only reads then
/// spins. The remedy is to read the queue until it would block:
///
/// ```
/// use std::net::UdpSocket;
/// use std::os::fd::OwnedFd;
///
/// use mio_st::event::{EventedId, Events, Interests};
/// use mio_st::poll::{PollOption, Poller};
/// use mio_st::unix::EventedIo;
///
/// # #[cfg(all(target_os = "linux", feature = "std"))] {
/// let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
/// udp.set_nonblocking(true).unwrap();
/// let mut socket = EventedIo::from(OwnedFd::from(udp.try_clone().unwrap()));
/// socket.set_error_queue(true)?;
///
/// let mut poller = Poller::new()?;
/// let mut events = Events::new();
/// poller.register(&mut socket, EventedId(1), Interests::READABLE, PollOption::Level)?;
///
/// // To a port to which no socket is bound.
/// udp.send_to(b"hello?", "127.0.0.1:9").unwrap();
/// poller.poll(&mut events, None)?;
/// for event in &mut events {
///     let mut buffer = [0; 1500];
///     if event.readiness().is_error() {
///         while let Ok(error) = socket.recv_error(&mut buffer) {
///             assert_eq!(&buffer[..error.len], b"hello?");
///             println!("{:?}: error {} of {:?}", error.destination, error.errno, error.origin);
///         }
///     }
///     while let Ok(length) = socket.try_read(&mut buffer) {
///         println!("{length} bytes");
///     }
/// }
/// # }
/// # Ok::<(), mio_st::Error>(())
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct QueuedError {
    /// How many bytes of the datagram that caused the message are in the buffer.
    pub len: usize,
    /// The datagram was longer than the buffer, and the rest is lost.
    pub truncated: bool,
    /// The address to which the datagram was sent.
    pub destination: Option<SocketAddr>,
    /// The error number, such as `ECONNREFUSED`, `EHOSTUNREACH`, `EMSGSIZE`. `ENOMSG` for a time of
    /// sending, 0 for the end of sending without copying.
    pub errno: i32,
    /// Where the message comes from.
    pub origin: ErrorOrigin,
    /// The type of the ICMP message, or what [`origin`](QueuedError::origin) defines (`ee_type`).
    pub kind: u8,
    /// The code of the ICMP message, or what the origin defines (`ee_code`).
    pub code: u8,
    /// What the origin defines (`ee_info`): the path's MTU for `EMSGSIZE`; for a time of sending
    /// which one it is (`SCM_TSTAMP_SND`, ...).
    pub info: u32,
    /// What the origin defines (`ee_data`): for a time of sending the number of the datagram or of
    /// the byte (`SOF_TIMESTAMPING_OPT_ID`).
    pub data: u32,
    /// The machine that reported the error, such as a router on the way. Its port is 0.
    pub offender: Option<SocketAddr>,
    /// When the datagram was sent, by the system's clock (`CLOCK_REALTIME`), since 1970.
    pub sent_at: Option<Duration>,
    /// When the datagram was sent, by the network card's clock, since that clock's epoch.
    pub sent_at_hardware: Option<Duration>,
}

/// Where a message of an error queue comes from.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorOrigin {
    /// The message has no origin.
    None,
    /// This machine: a datagram could not be sent.
    Local,
    /// An ICMP message.
    Icmp,
    /// An ICMPv6 message.
    Icmp6,
    /// A time of sending (`SO_TIMESTAMPING`).
    Timestamp,
    /// The end of sending without copying (`MSG_ZEROCOPY`).
    ZeroCopy,
    /// A datagram that was to be sent at a certain time and was not (`SO_TXTIME`).
    TxTime,
    /// Another origin, by its number.
    Other(u8),
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::linux::{receive, receive_of_any, set_error_queue};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn receive(_: RawFd, _: &mut [u8]) -> Result<QueuedError> {
    Err(crate::error::Error::Unsupported)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use self::receive as receive_of_any;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn set_error_queue(_: RawFd, _: bool) -> Result<()> {
    Err(crate::error::Error::Unsupported)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use core::ffi::c_int;
    use core::{mem, ptr};

    use libc::{cmsghdr, msghdr, sock_extended_err};

    use super::*;
    use crate::error::Error;
    use crate::sys::address::RawAddress;
    use crate::sys::fd::retry;
    use crate::sys::io::MAX_IO_LEN;
    use crate::sys::option;

    /// Room for the error with its address, times, and what the socket reports besides on the
    /// user's wish. What does not fit is left out by the kernel.
    #[repr(C, align(8))]
    struct Control([u8; 512]);

    /// As [`receive`], for a descriptor of which nothing is known. Some families take no notice of
    /// the flag and would give out the data that was sent, and descriptors with it: Unix domain
    /// sockets, netlink.
    pub(crate) fn receive_of_any(fd: RawFd, buffer: &mut [u8]) -> Result<QueuedError> {
        match option::get(fd, libc::SOL_SOCKET, libc::SO_DOMAIN, 0 as c_int)? {
            libc::AF_INET | libc::AF_INET6 | libc::AF_PACKET | libc::AF_CAN => receive(fd, buffer),
            _ => Err(Error::Unsupported),
        }
    }

    /// Takes the next message; its datagram goes to `buffer`. The socket must be of a family that
    /// has such a queue.
    pub(crate) fn receive(socket: RawFd, buffer: &mut [u8]) -> Result<QueuedError> {
        let (mut destination, mut control) = (RawAddress::unset(), Control([0; 512]));
        let mut part = libc::iovec {
            iov_base: buffer.as_mut_ptr().cast(),
            iov_len: buffer.len().min(MAX_IO_LEN),
        };
        let (address, length) = destination.as_mut_ptrs();
        // SAFETY: it is made of integers and pointers, for which zeroes are a value.
        let mut message: msghdr = unsafe { mem::zeroed() };
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_name = address.cast();
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = size_of::<Control>() as _;
        // SAFETY: the kernel writes at most as much as it is told into the address, the buffer and
        // the control data, all of which are alive; `length` points into `destination`.
        let received = unsafe {
            message.msg_namelen = *length;
            let received = retry(|| libc::recvmsg(socket, &mut message, libc::MSG_ERRQUEUE))?;
            *length = message.msg_namelen;
            received
        };
        let mut error = QueuedError {
            len: received as usize,
            truncated: message.msg_flags & libc::MSG_TRUNC != 0,
            destination: destination.get().ok(),
            ..NOTHING
        };
        // SAFETY: the kernel has written the message and its control data.
        unsafe { read_control(&message, &mut error) };
        Ok(error)
    }

    const NOTHING: QueuedError = QueuedError {
        len: 0,
        truncated: false,
        destination: None,
        errno: 0,
        origin: ErrorOrigin::None,
        kind: 0,
        code: 0,
        info: 0,
        data: 0,
        offender: None,
        sent_at: None,
        sent_at_hardware: None,
    };

    /// # Safety
    ///
    /// The kernel has filled `message` in, and its control data is alive.
    unsafe fn read_control(message: &msghdr, error: &mut QueuedError) {
        // SAFETY: the caller's promise; the macros of cmsg(3) stay within the control data.
        let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
        while !header.is_null() {
            // SAFETY: as above: a whole header, and behind it as much data as the header says.
            let (cmsghdr { cmsg_level, cmsg_type, cmsg_len, .. }, data) =
                unsafe { (ptr::read_unaligned(header), libc::CMSG_DATA(header)) };
            let before = data as usize - header as usize;
            let length: usize = cmsg_len as _;
            let length = length.saturating_sub(before);
            // SAFETY: as above.
            let data = unsafe { core::slice::from_raw_parts(data, length) };
            match (cmsg_level, cmsg_type) {
                (libc::SOL_IP, libc::IP_RECVERR)
                | (libc::SOL_IPV6, libc::IPV6_RECVERR)
                | (libc::SOL_PACKET, PACKET_TX_TIMESTAMP) => read_error(data, error),
                (libc::SOL_SOCKET, SO_TIMESTAMPING_OLD | SO_TIMESTAMPING_NEW) => {
                    error.sent_at = time(data, 0);
                    error.sent_at_hardware = time(data, 2);
                }
                _ => {}
            }
            // SAFETY: as above.
            header = unsafe { libc::CMSG_NXTHDR(message, header) };
        }
    }

    /// linux/if_packet.h.
    const PACKET_TX_TIMESTAMP: c_int = 16;

    /// asm-generic/socket.h, alike on every architecture but SPARC. The two differ on 32 bits by
    /// the width of the numbers, which the length tells.
    const SO_TIMESTAMPING_OLD: c_int = 37;
    const SO_TIMESTAMPING_NEW: c_int = 65;

    fn read_error(data: &[u8], error: &mut QueuedError) {
        let Some((cause, offender)) = data.split_at_checked(size_of::<sock_extended_err>()) else {
            return;
        };
        // SAFETY: it is of integers, of which any bytes are a value, and there are as many.
        let cause: sock_extended_err = unsafe { ptr::read_unaligned(cause.as_ptr().cast()) };
        error.errno = cause.ee_errno as i32;
        error.origin = origin(cause.ee_origin);
        error.kind = cause.ee_type;
        error.code = cause.ee_code;
        error.info = cause.ee_info;
        error.data = cause.ee_data;
        error.offender = internet_address(offender);
    }

    /// Reads the address that begins here, if it is one.
    fn internet_address(bytes: &[u8]) -> Option<SocketAddr> {
        let mut raw = RawAddress::unset();
        let (address, length) = raw.as_mut_ptrs();
        let count = bytes.len().min(size_of::<libc::sockaddr_storage>());
        // SAFETY: `raw` has room for an address of any family; `length` points into it.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), address.cast(), count);
            *length = count as libc::socklen_t;
        }
        raw.get().ok()
    }

    /// linux/errqueue.h.
    fn origin(number: u8) -> ErrorOrigin {
        match number {
            0 => ErrorOrigin::None,
            1 => ErrorOrigin::Local,
            2 => ErrorOrigin::Icmp,
            3 => ErrorOrigin::Icmp6,
            4 => ErrorOrigin::Timestamp,
            5 => ErrorOrigin::ZeroCopy,
            6 => ErrorOrigin::TxTime,
            other => ErrorOrigin::Other(other),
        }
    }

    /// One of the three times of a `struct scm_timestamping`, each of two numbers; zero is none.
    fn time(data: &[u8], index: usize) -> Option<Duration> {
        let number = |index: usize| match data.len() {
            48.. => data[8 * index..].first_chunk().map(|&bytes| i64::from_ne_bytes(bytes)),
            24.. => data[4 * index..].first_chunk().map(|&bytes| i32::from_ne_bytes(bytes).into()),
            _ => None,
        };
        let (seconds, nanos) = (number(2 * index)?, number(2 * index + 1)?);
        let time = Duration::new(seconds.try_into().ok()?, nanos.try_into().ok()?);
        (!time.is_zero()).then_some(time)
    }

    /// `IP_RECVERR`, `IPV6_RECVERR`; an IPv6 socket that also takes IPv4 has both.
    pub(crate) fn set_error_queue(socket: RawFd, queued: bool) -> Result<()> {
        let queued = c_int::from(queued);
        match option::set(socket, libc::SOL_IPV6, libc::IPV6_RECVERR, queued) {
            Err(Error::Os(libc::ENOPROTOOPT | libc::EOPNOTSUPP)) => {
                option::set(socket, libc::SOL_IP, libc::IP_RECVERR, queued)
            }
            Ok(()) => {
                // An IPv6 socket may have no IPv4 side.
                let _ = option::set(socket, libc::SOL_IP, libc::IP_RECVERR, queued);
                Ok(())
            }
            error => error,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn times_of_either_width_are_read_and_zero_is_none() {
            let wide: [i64; 6] = [7, 8, 0, 0, 9, 999_999_999];
            let narrow = wide.map(|number| number as i32);
            let (mut wide_bytes, mut narrow_bytes) = ([0; 48], [0; 24]);
            for index in 0..6 {
                wide_bytes[8 * index..][..8].copy_from_slice(&wide[index].to_ne_bytes());
                narrow_bytes[4 * index..][..4].copy_from_slice(&narrow[index].to_ne_bytes());
            }
            for data in [&wide_bytes[..], &narrow_bytes] {
                assert_eq!(time(data, 0), Some(Duration::new(7, 8)));
                assert_eq!(time(data, 1), None);
                assert_eq!(time(data, 2), Some(Duration::new(9, 999_999_999)));
            }
            assert_eq!(time(&[1; 23], 0), None);
            assert_eq!(time(&[0xff; 48], 0), None);
        }

        #[test]
        fn an_error_that_was_cut_is_no_error() {
            let mut error = NOTHING;
            read_error(&[1; 15], &mut error);
            assert_eq!(error, NOTHING);
            read_error(&[1; 16], &mut error);
            assert_eq!((error.errno, error.offender), (0x0101_0101, None));
            assert_eq!(error.origin, ErrorOrigin::Local);
        }
    }
}
