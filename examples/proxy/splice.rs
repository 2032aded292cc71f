//! Moving bytes from socket to socket inside the kernel: splice(2), which Linux has.

pub use self::imp::Pipe;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[allow(unsafe_code)]
mod imp {
    use core::ptr::null_mut;
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

    use mio_st::unix::{Receiver, Sender, new_pipe};

    use super::super::socket::Socket;

    /// How many bytes to move at once: what a pipe holds.
    const MOST: usize = 64 * 1024;

    /// A pipe between two sockets.
    #[derive(Debug)]
    pub struct Pipe {
        sender: Sender,
        receiver: Receiver,
    }

    impl Pipe {
        pub fn new() -> io::Result<Pipe> {
            let (sender, receiver) = new_pipe()?;
            Ok(Pipe { sender, receiver })
        }

        /// Moves bytes from `source` into the pipe, which must be empty: else `WouldBlock` would
        /// not tell whether the source is empty or the pipe full.
        pub fn fill(&self, source: &Socket) -> io::Result<usize> {
            splice(source.as_fd(), self.sender.as_fd(), MOST)
        }

        /// Moves at most `count` bytes, which the pipe must hold, from it to `sink`.
        pub fn drain(&self, sink: &Socket, count: usize) -> io::Result<usize> {
            splice(self.receiver.as_fd(), sink.as_fd(), count)
        }
    }

    fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, count: usize) -> io::Result<usize> {
        let (from, to) = (from.as_raw_fd(), to.as_raw_fd());
        let flags = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
        // SAFETY: no memory is involved: neither end has an offset.
        let moved = unsafe { libc::splice(from, null_mut(), to, null_mut(), count, flags) };
        usize::try_from(moved).map_err(|_| io::Error::last_os_error())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod imp {
    use std::io::{self, ErrorKind};

    use super::super::socket::Socket;

    /// There is none: everything is copied.
    #[derive(Debug)]
    pub enum Pipe {}

    impl Pipe {
        pub fn new() -> io::Result<Pipe> {
            Err(ErrorKind::Unsupported.into())
        }

        pub fn fill(&self, _: &Socket) -> io::Result<usize> {
            match *self {}
        }

        pub fn drain(&self, _: &Socket, _: usize) -> io::Result<usize> {
            match *self {}
        }
    }
}
