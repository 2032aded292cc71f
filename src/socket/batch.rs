//! Many datagrams of UDP in one call.

use core::{fmt, slice};

use super::Socket;
use super::kind::{RawForm, Udp};
use super::packet::PacketInfo;
use crate::error::{Error, Result};
use crate::sys::messages::{Messages, Outgoing, can_cut};
use crate::sys::packet::is_v6;

/// The most datagrams that one send may be cut into, and how many bytes they may be altogether.
const MAX_SEGMENTS: usize = 64;
const MAX_IO_LEN: usize = 65_000;
/// The most bytes of a datagram that may be sent with others: what every network takes, without
/// knowing its MTU.
const LONGEST_SEGMENT: usize = 1200;

/// Up to `N` datagrams of up to `SIZE` bytes, to receive or send with one system call.
///
/// It contains all memory: `N` times `SIZE` plus some 420 bytes. Store a large one in a `static`,
/// or wherever it need not be moved. A datagram that is longer than `SIZE` is truncated.
///
/// ```
/// use mio_st::socket::{PacketBatch, PacketInfo, UdpSocket};
///
/// let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// let mut batch = PacketBatch::<32, 512>::new();
/// for text in ["one", "two", "three"] {
///     batch.push(text.as_bytes(), &PacketInfo::to(server.local_addr()?))?;
/// }
/// while !batch.is_empty() {
///     client.send_many(&mut batch)?; // removes what was sent
/// }
///
/// let mut count = 0;
/// while count < 3 {
///     count += server.recv_many(&mut batch)?;
///     for packet in &batch {
///         assert_eq!(packet.info.address, client.local_addr()?);
///         assert!(packet.data.len() >= 3 && !packet.truncated);
///     }
/// }
/// # Ok::<(), mio_st::Error>(())
/// ```
pub struct PacketBatch<const N: usize, const SIZE: usize> {
    messages: Messages<N>,
    entries: [Entry; N],
    data: [[u8; SIZE]; N],
    /// What is in it: from `first` to before `end`.
    first: usize,
    end: usize,
}

#[derive(Copy, Clone)]
struct Entry {
    len: usize,
    truncated: bool,
    info_truncated: bool,
    info: PacketInfo,
}

/// A datagram in a [`PacketBatch`].
#[derive(Copy, Clone, Debug)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// Its bytes.
    pub data: &'a [u8],
    /// Whether it was longer than the place for it; the rest is lost.
    pub truncated: bool,
    /// As [`ReceivedPacket::info_truncated`](super::ReceivedPacket::info_truncated).
    pub info_truncated: bool,
    /// Where it comes from or goes to.
    pub info: &'a PacketInfo,
}

impl<'a> Packet<'a> {
    /// Returns the datagrams that the system has merged into this one, or this one itself. They are
    /// those that the peer sent.
    pub fn segments(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let size = match self.info.segment_size {
            Some(size) if size > 0 => usize::from(size),
            _ => self.data.len().max(1),
        };
        // An empty datagram is one as well.
        let empty = self.data.is_empty().then_some(self.data);
        empty.into_iter().chain(self.data.chunks(size))
    }
}

/// A datagram in a [`PacketBatch`] that can be changed.
#[derive(Debug)]
#[non_exhaustive]
pub struct PacketMut<'a> {
    /// The whole place for it.
    pub buffer: &'a mut [u8],
    /// The length of the datagram in the buffer. A larger value counts as the size of the buffer.
    pub len: &'a mut usize,
    /// Where it comes from or goes to.
    pub info: &'a mut PacketInfo,
}

impl<const N: usize, const SIZE: usize> PacketBatch<N, SIZE> {
    /// Returns an empty batch.
    #[must_use]
    pub const fn new() -> PacketBatch<N, SIZE> {
        const { assert!(N > 0, "N: a batch of no datagrams takes none") };
        const NOBODY: core::net::SocketAddr = core::net::SocketAddr::V4(
            core::net::SocketAddrV4::new(core::net::Ipv4Addr::UNSPECIFIED, 0),
        );
        let info = PacketInfo::to(NOBODY);
        let entry = Entry { len: 0, truncated: false, info_truncated: false, info };
        PacketBatch {
            messages: Messages::new(),
            entries: [entry; N],
            data: [[0; SIZE]; N],
            first: 0,
            end: 0,
        }
    }

    /// Returns the number of datagrams in it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.end - self.first
    }

    /// Returns whether it contains no datagram.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first == self.end
    }

    /// Removes all datagrams.
    pub const fn clear(&mut self) {
        (self.first, self.end) = (0, 0);
    }

    /// Removes the first datagram, such as one that cannot be sent.
    pub fn pop_front(&mut self) {
        if !self.is_empty() {
            self.remove_first(1);
        }
    }

    /// Appends a datagram to send.
    ///
    /// # Errors
    ///
    /// [`Full`](Error::Full) if `N` datagrams were appended since the batch was empty,
    /// `Os(EMSGSIZE)` for more than `SIZE` bytes.
    pub fn push(&mut self, data: &[u8], info: &PacketInfo) -> Result<()> {
        let (Some(place), Some(entry)) =
            (self.data.get_mut(self.end), self.entries.get_mut(self.end))
        else {
            return Err(Error::Full);
        };
        let place = place.get_mut(..data.len()).ok_or(Error::Os(libc::EMSGSIZE))?;
        place.copy_from_slice(data);
        let (truncated, info_truncated) = (false, false);
        *entry = Entry { len: data.len(), truncated, info_truncated, info: *info };
        self.end += 1;
        Ok(())
    }

    /// Returns the datagrams in it.
    pub fn iter(&self) -> Iter<'_, SIZE> {
        let range = self.first..self.end;
        Iter { pairs: self.entries[range.clone()].iter().zip(&self.data[range]) }
    }

    /// Returns the datagrams in it, to change them: an answer can be written over a question.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = PacketMut<'_>> {
        let range = self.first..self.end;
        let pairs = self.entries[range.clone()].iter_mut().zip(&mut self.data[range]);
        pairs.map(|(Entry { len, info, .. }, buffer)| PacketMut { buffer, len, info })
    }

    fn remove_first(&mut self, count: usize) {
        self.first += count;
        if self.is_empty() {
            self.clear();
        }
    }

    fn receive(&mut self, socket: i32) -> Result<usize> {
        self.clear();
        let count = self.messages.receive(socket, &mut self.data)?;
        for (at, entry) in self.entries[..count].iter_mut().enumerate() {
            let message = self.messages.received(at);
            *entry = Entry {
                len: message.length.min(SIZE),
                truncated: message.is_truncated,
                info_truncated: message.is_control_truncated,
                info: PacketInfo::received(message.from, message.ancillary)?,
            };
        }
        self.end = count;
        Ok(count)
    }

    /// Sends what it has; if `merge`, datagrams that the kernel can cut from one go as one.
    /// An error behind the first datagram is met again by the next call.
    fn send(&mut self, socket: i32, is_connected: bool, merge: bool) -> Result<usize> {
        let range = self.first..self.end;
        // `iter_mut` lets the caller set any length.
        self.entries[range.clone()].iter_mut().for_each(|entry| entry.len = entry.len.min(SIZE));
        let (mut entries, mut data) = (&self.entries[range.clone()], &self.data[range]);
        let mut outgoing = self.messages.outgoing();
        while !entries.is_empty() {
            let count = if merge { run_length(entries) } else { 1 };
            match push_run(&mut outgoing, &entries[..count], &data[..count], is_connected) {
                Ok(()) => (entries, data) = (&entries[count..], &data[count..]),
                Err(error) if outgoing.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        outgoing.send(socket)
    }
}

fn push_run<'a, const N: usize, const SIZE: usize>(
    outgoing: &mut Outgoing<'a, N>,
    entries: &[Entry],
    data: &'a [[u8; SIZE]],
    is_connected: bool,
) -> Result<()> {
    let first = &entries[0];
    let mut ancillary = first.info.ancillary();
    if entries.len() > 1 {
        ancillary.segment_size = Some(first.len as u16);
    }
    let to = (!is_connected).then(|| first.info.address.to_raw());
    let datagrams = entries.iter().zip(data).map(|(entry, data)| &data[..entry.len.min(SIZE)]);
    outgoing.push(datagrams, to.as_ref(), &ancillary, is_v6(&first.info.address))
}

/// How many of the first datagrams the kernel can cut from one: of one length, but for a shorter
/// last one, and all alike otherwise.
fn run_length(entries: &[Entry]) -> usize {
    let Entry { len, info, .. } = &entries[0];
    if *len == 0 || *len > LONGEST_SEGMENT || info.segment_size.is_some() {
        return 1;
    }
    let most = MAX_SEGMENTS.min(MAX_IO_LEN / len).min(entries.len());
    let mut count = 1;
    while count < most {
        let next = &entries[count];
        if next.info != *info || next.len > *len || next.len == 0 {
            break;
        }
        count += 1;
        if next.len < *len {
            break;
        }
    }
    count
}

/// Many datagrams in one call.
impl<K: Udp> Socket<K> {
    /// Replaces the contents of the batch by the datagrams that are waiting, up to `N`. Returns
    /// their number, which is at least one.
    ///
    /// One system call on Linux, see recvmmsg(2); elsewhere one for each datagram, with the same
    /// meaning. Under [`Edge`](crate::poll::PollOption::Edge) receive until the call would block.
    ///
    /// # Errors
    ///
    /// As for [`recv`](Socket::recv). The batch is empty then.
    pub fn recv_many<const N: usize, const SIZE: usize>(
        &self,
        batch: &mut PacketBatch<N, SIZE>,
    ) -> Result<usize> {
        batch.receive(self.as_raw_fd())
    }

    /// Sends datagrams from the front of the batch and removes those that were sent. Returns their
    /// number: one at least, unless the batch is empty, and fewer than there are if the socket's
    /// buffer is full. Call it again, after an event if it would block.
    ///
    /// One system call on Linux, see sendmmsg(2). There datagrams that follow each other, go to one
    /// address and have one length (1200 bytes at most; a shorter one may end them) are handed over
    /// as one, which the kernel cuts (`UDP_SEGMENT` in udp(7)): for many small datagrams that takes
    /// a fraction of the time. What goes over the network is the same.
    ///
    /// # Errors
    ///
    /// As for [`send_packet`](Socket::send_packet). The error is that of the first datagram, and
    /// the batch keeps all of them: call again after an event if it would block, and at once for
    /// `Os(ECONNREFUSED)`, which is about an earlier datagram; otherwise remove the datagram by
    /// [`pop_front`](PacketBatch::pop_front).
    pub fn send_many<const N: usize, const SIZE: usize>(
        &self,
        batch: &mut PacketBatch<N, SIZE>,
    ) -> Result<usize> {
        if batch.is_empty() {
            return Ok(0);
        }
        let (socket, is_connected) = (self.as_raw_fd(), K::IS_CONNECTED);
        let merge = batch.len() > 1 && can_cut(socket);
        let sent = match batch.send(socket, is_connected, merge) {
            // Some devices and routes cannot have it; an old kernel cuts less. Without it there is
            // a clear answer.
            Err(Error::Os(libc::EINVAL | libc::EIO | libc::EMSGSIZE | libc::EOPNOTSUPP))
                if merge =>
            {
                batch.send(socket, is_connected, false)
            }
            result => result,
        }?;
        batch.remove_first(sent);
        Ok(sent)
    }
}

/// The datagrams of a [`PacketBatch`].
#[derive(Clone)]
pub struct Iter<'a, const SIZE: usize> {
    pairs: core::iter::Zip<slice::Iter<'a, Entry>, slice::Iter<'a, [u8; SIZE]>>,
}

impl<'a, const SIZE: usize> Iterator for Iter<'a, SIZE> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let (Entry { len, truncated, info_truncated, info }, data) = self.pairs.next()?;
        let (truncated, info_truncated) = (*truncated, *info_truncated);
        Some(Packet { data: &data[..(*len).min(SIZE)], truncated, info_truncated, info })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.pairs.size_hint()
    }
}

impl<const SIZE: usize> ExactSizeIterator for Iter<'_, SIZE> {}

impl<'a, const N: usize, const SIZE: usize> IntoIterator for &'a PacketBatch<N, SIZE> {
    type Item = Packet<'a>;
    type IntoIter = Iter<'a, SIZE>;

    fn into_iter(self) -> Iter<'a, SIZE> {
        self.iter()
    }
}

impl<const N: usize, const SIZE: usize> Default for PacketBatch<N, SIZE> {
    fn default() -> Self {
        PacketBatch::new()
    }
}

impl<const N: usize, const SIZE: usize> fmt::Debug for PacketBatch<N, SIZE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<const SIZE: usize> fmt::Debug for Iter<'_, SIZE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_alike_goes_together() {
        let info = |port| PacketInfo::to(([127, 0, 0, 1], port).into());
        let entry =
            |len, port| Entry { len, truncated: false, info_truncated: false, info: info(port) };
        let run = |lengths: &[usize]| {
            let entries: heapless::Vec<_, 128> = lengths.iter().map(|&len| entry(len, 1)).collect();
            run_length(&entries)
        };
        assert_eq!(run(&[64; 10]), 10);
        assert_eq!(run(&[64, 64, 63, 64]), 3, "a shorter one is the last");
        assert_eq!(run(&[64, 65]), 1);
        assert_eq!(run(&[64, 0, 64]), 1, "an empty one cannot be cut off");
        assert_eq!(run(&[0, 0]), 1);
        assert_eq!(run(&[LONGEST_SEGMENT; 128]), MAX_IO_LEN / LONGEST_SEGMENT);
        assert_eq!(run(&[LONGEST_SEGMENT + 1; 2]), 1);
        assert_eq!(run(&[1; 128]), MAX_SEGMENTS);
        assert_eq!(run_length(&[entry(9, 1), entry(9, 2)]), 1, "another peer");
        let mut cut = [entry(9, 1); 2];
        cut[0].info.segment_size = Some(3);
        assert_eq!(run_length(&cut), 1);
    }
}
