//! Many datagrams in one call: recvmmsg(2), sendmmsg(2); a loop on systems without them.

use core::ffi::c_int;
use core::marker::PhantomData;
use core::{fmt, mem, ptr};

use libc::{iovec, msghdr};

use super::address::RawAddress;
use super::control::Control;
use super::fd::{RawFd, retry};
use super::io::MAX_IO_LEN;
use super::packet::{self, Ancillary};
use super::send::NO_SIGNAL;
use crate::error::{Error, Result};

/// A datagram as the calls take it: `mmsghdr`, which not every system has.
#[derive(Copy, Clone)]
#[repr(C)]
struct Message {
    header: msghdr,
    length: u32,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
static_assertions::assert_eq_size!(Message, libc::mmsghdr);

/// What the kernel is told of up to `N` datagrams. The pointers in it are written anew before each
/// call, and mean nothing after it.
pub(crate) struct Messages<const N: usize> {
    messages: [Message; N],
    parts: [iovec; N],
    names: [RawAddress; N],
    controls: [Control; N],
    /// What the loop met behind a datagram: the next call returns it.
    pending: Option<Error>,
}

// SAFETY: the pointers are not used outside of a call.
unsafe impl<const N: usize> Send for Messages<N> {}

/// What came, of one datagram.
pub(crate) struct Incoming<'a> {
    pub(crate) length: usize,
    pub(crate) is_truncated: bool,
    pub(crate) is_control_truncated: bool,
    pub(crate) from: &'a RawAddress,
    pub(crate) ancillary: Ancillary,
}

const NO_PART: iovec = iovec { iov_base: ptr::null_mut(), iov_len: 0 };

impl<const N: usize> Messages<N> {
    pub(crate) const fn new() -> Messages<N> {
        // SAFETY: it is made of integers and pointers, for which zeroes are a value.
        let message: Message = unsafe { mem::zeroed() };
        Messages {
            messages: [message; N],
            parts: [NO_PART; N],
            names: [RawAddress::unset(); N],
            controls: [Control::new(); N],
            pending: None,
        }
    }

    /// Receives up to one datagram for each buffer. Returns their number.
    pub(crate) fn receive<const SIZE: usize>(
        &mut self,
        socket: RawFd,
        buffers: &mut [[u8; SIZE]; N],
    ) -> Result<usize> {
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        self.prepare(buffers);
        // SAFETY: each message points to a buffer of the length that it says, all of them alive.
        match unsafe { receive_at_once(socket, &mut self.messages) } {
            Some(result) => result,
            // SAFETY: as above.
            None => unsafe { receive_in_turn(socket, &mut self.messages, &mut self.pending) },
        }
    }

    fn prepare<const SIZE: usize>(&mut self, buffers: &mut [[u8; SIZE]; N]) {
        for (at, buffer) in buffers.iter_mut().enumerate() {
            let part = &mut self.parts[at];
            *part = iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: SIZE.min(MAX_IO_LEN) };
            let (name, length) = self.names[at].as_buffer();
            let header = &mut self.messages[at].header;
            header.msg_name = name.cast();
            header.msg_namelen = length;
            header.msg_iov = part;
            header.msg_iovlen = 1;
            header.msg_flags = 0;
            self.controls[at].attach_empty(header);
        }
    }

    /// What came as number `at` of the latest call.
    pub(crate) fn received(&mut self, at: usize) -> Incoming<'_> {
        let Message { header, length } = &self.messages[at];
        let name = &mut self.names[at];
        name.set_length(header.msg_namelen);
        Incoming {
            length: *length as usize,
            is_truncated: header.msg_flags & libc::MSG_TRUNC != 0,
            is_control_truncated: header.msg_flags & libc::MSG_CTRUNC != 0,
            from: name,
            ancillary: packet::parse(&self.controls[at], header),
        }
    }

    /// Begins to gather datagrams to send.
    pub(crate) fn outgoing(&mut self) -> Outgoing<'_, N> {
        Outgoing { messages: self, used: 0, parts: 0, data: PhantomData }
    }
}

/// Datagrams that one call will send.
pub(crate) struct Outgoing<'a, const N: usize> {
    messages: &'a mut Messages<N>,
    used: usize,
    parts: usize,
    data: PhantomData<&'a [u8]>,
}

impl<'a, const N: usize> Outgoing<'a, N> {
    /// Adds one datagram, or several for one address that the kernel is to cut apart by the segment
    /// size of `ancillary`. There must be no more than `N` of them altogether. After an error
    /// nothing was added.
    pub(crate) fn push(
        &mut self,
        datagrams: impl Iterator<Item = &'a [u8]>,
        to: Option<&RawAddress>,
        ancillary: &Ancillary,
        is_v6: bool,
    ) -> Result<()> {
        let at = self.used;
        packet::write(&mut self.messages.controls[at], ancillary, is_v6)?;
        let first = self.parts;
        for data in datagrams {
            self.messages.parts[self.parts] =
                iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
            self.parts += 1;
        }
        let Messages { messages, parts, names, controls, .. } = &mut *self.messages;
        let header = &mut messages[at].header;
        header.msg_iov = &mut parts[first];
        header.msg_iovlen = (self.parts - first) as _;
        (header.msg_name, header.msg_namelen) = match to {
            None => (ptr::null_mut(), 0),
            Some(to) => {
                names[at] = *to;
                (names[at].as_ptr().cast_mut().cast(), to.len())
            }
        };
        controls[at].attach(header);
        self.used += 1;
        Ok(())
    }

    /// Returns whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Sends them. Returns how many datagrams were sent: at least one.
    pub(crate) fn send(self, socket: RawFd) -> Result<usize> {
        let messages = &mut self.messages.messages[..self.used];
        // SAFETY: each message points to data of the length that it says, which this borrows.
        let sent = match unsafe { send_at_once(socket, messages) } {
            Some(result) => result,
            // SAFETY: as above.
            None => unsafe { send_in_turn(socket, messages) },
        }?;
        #[allow(clippy::unnecessary_cast)] // Another type on other systems.
        let datagrams = |message: &Message| message.header.msg_iovlen as usize;
        Ok(messages[..sent].iter().map(datagrams).sum())
    }
}

/// recvmmsg(2); `None` where there is no such call. On a blocking socket it waits for the first
/// datagram only.
///
/// # Safety
///
/// The messages must point to buffers that may be written.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn receive_at_once(socket: RawFd, messages: &mut [Message]) -> Option<Result<usize>> {
    let (list, count) = (messages.as_mut_ptr().cast::<libc::mmsghdr>(), messages.len());
    let flags = libc::MSG_WAITFORONE as _;
    // SAFETY: as the caller promises.
    let call = || unsafe { libc::recvmmsg(socket, list, count as _, flags, ptr::null_mut()) };
    match retry(call) {
        Err(error) if super::missing::is_missing(error) => None,
        result => Some(result.map(|count| count as usize)),
    }
}

/// sendmmsg(2); `None` where there is no such call.
///
/// # Safety
///
/// The messages must point to data that may be read.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn send_at_once(socket: RawFd, messages: &mut [Message]) -> Option<Result<usize>> {
    let (list, count) = (messages.as_mut_ptr().cast::<libc::mmsghdr>(), messages.len());
    // SAFETY: as the caller promises.
    match retry(|| unsafe { libc::sendmmsg(socket, list, count as _, NO_SIGNAL as _) }) {
        // A firewall answers so too: then sendmsg(2) will.
        Err(error) if super::missing::is_missing(error) => None,
        result => Some(result.map(|count| count as usize)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
unsafe fn receive_at_once(_: RawFd, _: &mut [Message]) -> Option<Result<usize>> {
    None
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
unsafe fn send_at_once(_: RawFd, _: &mut [Message]) -> Option<Result<usize>> {
    None
}

/// The same by recvmsg(2). An error behind the first datagram is left for the next call.
///
/// # Safety
///
/// The messages must point to buffers that may be written.
unsafe fn receive_in_turn(
    socket: RawFd,
    messages: &mut [Message],
    pending: &mut Option<Error>,
) -> Result<usize> {
    for (at, message) in messages.iter_mut().enumerate() {
        let flags = if at == 0 { 0 } else { libc::MSG_DONTWAIT };
        // SAFETY: as the caller promises.
        match retry(|| unsafe { libc::recvmsg(socket, &mut message.header, flags) }) {
            Ok(length) => message.length = length as u32,
            Err(error) if at == 0 => return Err(error),
            Err(error) => {
                *pending = Some(error).filter(|error| !error.is_would_block());
                return Ok(at);
            }
        }
    }
    Ok(messages.len())
}

/// The same by sendmsg(2). An error behind the first datagram is met again by the next call.
///
/// # Safety
///
/// The messages must point to data that may be read.
unsafe fn send_in_turn(socket: RawFd, messages: &mut [Message]) -> Result<usize> {
    for (at, message) in messages.iter().enumerate() {
        // SAFETY: as the caller promises.
        match retry(|| unsafe { libc::sendmsg(socket, &message.header, NO_SIGNAL) }) {
            Ok(_) => {}
            Err(error) if at == 0 => return Err(error),
            Err(_) => return Ok(at),
        }
    }
    Ok(messages.len())
}

/// Whether the kernel cuts what it sends: known once it was asked.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn can_cut(socket: RawFd) -> bool {
    use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
    const UNKNOWN: u8 = 2;
    static KNOWN: AtomicU8 = AtomicU8::new(UNKNOWN);
    if KNOWN.load(Relaxed) == UNKNOWN {
        match super::option_name::SEGMENT.int(socket) {
            Ok(_) => KNOWN.store(1, Relaxed),
            Err(Error::Os(libc::ENOPROTOOPT | libc::EOPNOTSUPP)) => KNOWN.store(0, Relaxed),
            // That says something of this socket only.
            Err(_) => return false,
        }
    }
    KNOWN.load(Relaxed) == 1
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn can_cut(_: RawFd) -> bool {
    false
}

/// Receives one datagram with all that comes with it: recvmsg(2).
pub(crate) fn receive_one(
    socket: RawFd,
    buffer: &mut [u8],
    flags: c_int,
) -> Result<(usize, bool, bool, RawAddress, Ancillary)> {
    let mut part =
        iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len().min(MAX_IO_LEN) };
    let (mut from, mut control) = (RawAddress::unset(), Control::new());
    // SAFETY: it is made of integers and pointers, for which zeroes are a value.
    let mut header: msghdr = unsafe { mem::zeroed() };
    let (name, length) = from.as_buffer();
    (header.msg_name, header.msg_namelen) = (name.cast(), length);
    (header.msg_iov, header.msg_iovlen) = (&mut part, 1);
    control.attach_empty(&mut header);
    // SAFETY: the kernel writes as much as the buffers hold: data, an address, control data.
    let received = retry(|| unsafe { libc::recvmsg(socket, &mut header, flags) })?;
    from.set_length(header.msg_namelen);
    let is = |flag| header.msg_flags & flag != 0;
    let ancillary = packet::parse(&control, &header);
    Ok((received as usize, is(libc::MSG_TRUNC), is(libc::MSG_CTRUNC), from, ancillary))
}

/// Sends one datagram with what goes with it: sendmsg(2).
pub(crate) fn send_one(
    socket: RawFd,
    data: &[u8],
    to: Option<&RawAddress>,
    ancillary: &Ancillary,
    is_v6: bool,
) -> Result<usize> {
    let mut control = Control::new();
    packet::write(&mut control, ancillary, is_v6)?;
    let mut part = iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
    // SAFETY: it is made of integers and pointers, for which zeroes are a value.
    let mut header: msghdr = unsafe { mem::zeroed() };
    (header.msg_iov, header.msg_iovlen) = (&mut part, 1);
    if let Some(to) = to {
        (header.msg_name, header.msg_namelen) = (to.as_ptr().cast_mut().cast(), to.len());
    }
    control.attach(&mut header);
    // SAFETY: the kernel reads data, an address and control data, all of them alive.
    Ok(retry(|| unsafe { libc::sendmsg(socket, &header, NO_SIGNAL) })? as usize)
}

impl<const N: usize> fmt::Debug for Messages<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("capacity", &N).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::fd::OwnedFd;
    use super::super::message::recv;
    use super::super::send::send;
    use super::super::socket;

    fn pair() -> (OwnedFd, OwnedFd) {
        socket::pair(libc::SOCK_DGRAM).unwrap()
    }

    #[test]
    fn the_loop_receives_as_the_one_call_does() {
        let (here, there) = pair();
        let mut buffers = [[0; 4]; 3];
        for one_call in [true, false] {
            let mut messages = Messages::<3>::new();
            let receive = |messages: &mut Messages<3>, buffers: &mut [[u8; 4]; 3]| {
                messages.prepare(buffers);
                let Messages { messages, pending, .. } = messages;
                // SAFETY: the messages point to the buffers.
                match one_call.then(|| unsafe { receive_at_once(there.as_raw_fd(), messages) }) {
                    Some(Some(result)) => result,
                    // SAFETY: as above.
                    _ => unsafe { receive_in_turn(there.as_raw_fd(), messages, pending) },
                }
            };
            assert!(receive(&mut messages, &mut buffers).unwrap_err().is_would_block());
            for data in [&b"one"[..], b"three", b"", b"four"] {
                send(here.as_raw_fd(), data).unwrap();
            }
            let mut lengths = heapless::Vec::<(usize, bool), 4>::new();
            for count in [3, 1] {
                assert_eq!(receive(&mut messages, &mut buffers), Ok(count));
                for at in 0..count {
                    let message = messages.received(at);
                    lengths.push((message.length, message.is_truncated)).unwrap();
                }
            }
            assert_eq!(lengths, [(3, false), (4, true), (0, false), (4, false)]);
            assert_eq!(messages.pending, None, "nothing more is no error to remember");
        }
    }

    #[test]
    fn the_loop_remembers_an_error_behind_a_datagram() {
        let (here, there) = pair();
        let mut buffers = [[0; 4]; 2];
        let mut messages = Messages::<2>::new();
        messages.prepare(&mut buffers);
        send(here.as_raw_fd(), b"one").unwrap();
        // More parts than the system takes.
        messages.messages[1].header.msg_iovlen = 100_000;
        send(here.as_raw_fd(), b"two").unwrap();
        let Messages { messages: list, pending, .. } = &mut messages;
        // SAFETY: the first points to its buffer, and more parts than the system takes are refused.
        assert_eq!(unsafe { receive_in_turn(there.as_raw_fd(), list, pending) }, Ok(1));
        assert_eq!(
            messages.receive(there.as_raw_fd(), &mut buffers),
            Err(Error::Os(libc::EMSGSIZE))
        );
        assert_eq!(messages.receive(there.as_raw_fd(), &mut buffers), Ok(1));
    }

    #[test]
    fn the_loop_sends_as_the_one_call_does() {
        for one_call in [true, false] {
            let (here, there) = pair();
            let mut messages = Messages::<3>::new();
            let data: [&[u8]; 3] = [b"one", b"", b"three"];
            let mut outgoing = messages.outgoing();
            for data in data {
                outgoing.push([data].into_iter(), None, &Ancillary::default(), false).unwrap();
            }
            let list = &mut outgoing.messages.messages[..3];
            // SAFETY: the messages point to the data.
            let sent = match one_call.then(|| unsafe { send_at_once(here.as_raw_fd(), list) }) {
                Some(Some(result)) => result,
                // SAFETY: as above.
                _ => unsafe { send_in_turn(here.as_raw_fd(), list) },
            };
            assert_eq!(sent, Ok(3));
            for data in data {
                let mut buffer = [0; 8];
                let length = recv(there.as_raw_fd(), &mut buffer, 0).unwrap();
                assert_eq!(&buffer[..length], data);
            }
            drop(there);
            // An error is of the first, and met again.
            for _ in 0..2 {
                // SAFETY: as above.
                let result = unsafe { send_in_turn(here.as_raw_fd(), &mut messages.messages) };
                assert!(result.is_err());
            }
        }
    }
}
