//! Whether a poll has more to do than to ask the kernel, as one word.

use crate::error::Result;
use crate::sys::fork::{ForkGuard, NO_MARK};

/// Says with one comparison whether this process is the poller's, and nothing but the kernel can
/// have events.
///
/// The process has a mark, which a forked child does not share (see `sys::fork`). `calm` is that
/// mark as long as only the kernel can have events. A user event, a timer or spinning sets it to a
/// value that is no process's mark; the poll that finds none of these pending restores it.
#[derive(Debug)]
pub(super) struct Attention {
    fork: ForkGuard,
    /// The process's mark, or [`NO_MARK`] if more than the kernel may need attention.
    calm: u32,
}

impl Attention {
    pub(super) fn new() -> Result<Attention> {
        let fork = ForkGuard::new()?;
        Ok(Attention { calm: fork.mark(), fork })
    }

    /// Returns whether only the kernel can have events, and the process is the right one.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        self.fork.is_marked(self.calm)
    }

    /// Notes that something besides the kernel may need attention.
    #[inline]
    pub(super) fn request(&mut self) {
        self.calm = NO_MARK;
    }

    /// Notes that nothing but the kernel needs attention.
    #[inline]
    pub(super) fn settle(&mut self) {
        self.calm = self.fork.mark();
    }

    /// Returns an error in a forked child.
    #[inline]
    pub(super) fn check_fork(&self) -> Result<()> {
        self.fork.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_calm_until_attention_is_requested_and_after_it_was_given() {
        let mut attention = Attention::new().unwrap();
        assert!(attention.is_calm());
        for _ in 0..2 {
            attention.request();
            assert!(!attention.is_calm() && attention.check_fork().is_ok());
        }
        attention.settle();
        assert!(attention.is_calm());
    }
}
