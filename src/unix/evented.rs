//! How what owns a descriptor is registered.

/// Implements `Evented` for a type with a field `registration` and a method `watched_fd`.
///
/// `$possible` is the union of the interests that can happen; any other is refused as `InvalidInput`.
macro_rules! evented {
    ($Handle:ident, $possible:expr) => {
        impl $Handle {
            /// The descriptor, for a registration with these interests.
            fn fd_for(&self, interests: Interests) -> Result<RawFd> {
                match interests.remove($possible) {
                    None => self.watched_fd(),
                    Some(_) => Err(Error::InvalidInput),
                }
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
                let fd = self.fd_for(interests)?;
                self.registration.register(registry, fd, id, interests, opt)
            }

            fn reregister(
                &mut self,
                registry: &mut Registry,
                id: EventedId,
                interests: Interests,
                opt: PollOption,
            ) -> Result<()> {
                let fd = self.fd_for(interests)?;
                self.registration.reregister(registry, fd, id, interests, opt)
            }

            fn deregister(&mut self, registry: &mut Registry) -> Result<()> {
                let fd = self.watched_fd()?;
                self.registration.deregister(registry, fd)
            }
        }

        static_assertions::assert_not_impl_any!($Handle: Send, Sync);
    };
}
