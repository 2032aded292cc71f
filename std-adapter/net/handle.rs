//! What every socket type has: registration, its address and its pending error, and the ways in and out
//! of other types.

/// Implements it for `$Handle { inner: $Std, registration: Registration }`.
///
/// `$possible` is the union of the interests that can happen; any other is refused as `InvalidInput`.
macro_rules! handle {
    ($Handle:ident, $Std:ty, $Address:ty, $possible:expr) => {
        impl $Handle {
            /// The own address.
            ///
            /// # Errors
            ///
            /// The system's, see getsockname(2).
            pub fn local_addr(&self) -> io::Result<$Address> {
                self.inner.local_addr()
            }

            /// Takes the pending error (`SO_ERROR`), if there is one.
            ///
            /// # Errors
            ///
            /// The system's, see socket(7).
            pub fn take_error(&self) -> io::Result<Option<io::Error>> {
                self.inner.take_error()
            }

            /// A second handle to the same socket. It is registered by itself, if at all; while it lives,
            /// closing the first without deregistering does not end the first's registration.
            ///
            /// # Errors
            ///
            /// The system's: out of descriptors.
            pub fn try_clone(&self) -> io::Result<Self> {
                self.inner.try_clone().map(Self::from_nonblocking)
            }

            /// Takes over a `std` socket and makes it non-blocking.
            ///
            /// # Errors
            ///
            /// The system's, see fcntl(2); the socket is closed then.
            pub fn from_std(inner: $Std) -> io::Result<Self> {
                inner.set_nonblocking(true)?;
                Ok(Self::from_nonblocking(inner))
            }

            fn from_nonblocking(inner: $Std) -> Self {
                Self { inner, registration: Registration::new($possible) }
            }
        }

        impl Evented for $Handle {
            fn register(
                &mut self,
                registry: &mut Registry,
                id: EventedId,
                interests: Interests,
                opt: PollOption,
            ) -> Result<()> {
                self.registration.check_possible(interests)?;
                self.registration.check_new(registry)?;
                registry.register_fd(self.inner.as_raw_fd(), id, interests, opt)?;
                self.registration.record(registry, id, interests, opt);
                Ok(())
            }

            fn reregister(
                &mut self,
                registry: &mut Registry,
                id: EventedId,
                interests: Interests,
                opt: PollOption,
            ) -> Result<()> {
                self.registration.check_possible(interests)?;
                self.registration.reregister(registry, self.inner.as_raw_fd(), id, interests, opt)
            }

            fn deregister(&mut self, registry: &mut Registry) -> Result<()> {
                self.registration.deregister(registry, self.inner.as_raw_fd())
            }
        }

        static_assertions::assert_not_impl_any!($Handle: Send, Sync);

        impl fmt::Debug for $Handle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }

        impl AsFd for $Handle {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.inner.as_fd()
            }
        }

        impl AsRawFd for $Handle {
            fn as_raw_fd(&self) -> RawFd {
                self.inner.as_raw_fd()
            }
        }

        impl IntoRawFd for $Handle {
            fn into_raw_fd(self) -> RawFd {
                self.inner.into_raw_fd()
            }
        }

        /// The descriptor must be non-blocking already: nothing is set.
        #[allow(unsafe_code)]
        impl FromRawFd for $Handle {
            unsafe fn from_raw_fd(fd: RawFd) -> Self {
                // SAFETY: the caller promises that the descriptor is open and nobody else's.
                Self::from_nonblocking(unsafe { <$Std>::from_raw_fd(fd) })
            }
        }

        /// The descriptor must be non-blocking already: nothing is set.
        impl From<OwnedFd> for $Handle {
            fn from(fd: OwnedFd) -> Self {
                Self::from_nonblocking(fd.into())
            }
        }

        impl From<$Handle> for OwnedFd {
            fn from(handle: $Handle) -> OwnedFd {
                handle.inner.into()
            }
        }

        /// The `std` socket stays non-blocking, and registered where a duplicate of it is.
        impl From<$Handle> for $Std {
            fn from(handle: $Handle) -> $Std {
                handle.inner
            }
        }
    };
}

/// Reads and writes a `$Handle` as its `inner` is read and written, by value and by reference, but without
/// `SIGPIPE`, which some of `std`'s writes would raise in a program that has not turned it off.
macro_rules! read_write {
    ($Handle:ident) => {
        read_write!(impl $Handle);
        read_write!(impl &$Handle);
    };
    (impl $Handle:ty) => {
        impl Read for $Handle {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                (&self.inner).read(buffer)
            }

            #[inline]
            fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                Ok(crate::sys::io::read_vectored(self.inner.as_raw_fd(), ours_mut(buffers))?)
            }
        }

        impl Write for $Handle {
            #[inline]
            fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
                Ok(send::send(self.inner.as_raw_fd(), buffer)?)
            }

            #[inline]
            fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
                Ok(send::send_stream_vectored(self.inner.as_raw_fd(), ours(buffers))?)
            }

            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    };
}
