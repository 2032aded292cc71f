//! C's event loops: libev, libevent, libuv. Each is a file of C behind one table of functions, because their
//! interfaces are macros and structures that callbacks look into. Their callbacks leave the ids behind, as
//! calloop's do.

use std::marker::PhantomData;
use std::os::fd::RawFd;
use std::sync::Once;
use std::time::Duration;

use super::{Mode, Selector};
use crate::counting;

/// One of the libraries.
pub trait Library: Sized + 'static {
    const PEER: &'static str;

    fn functions() -> &'static Functions;
}

macro_rules! library {
    ($Library:ident, $name:ident) => {
        pub enum $Library {}

        impl Library for $Library {
            const PEER: &'static str = stringify!($name);

            #[inline(always)]
            fn functions() -> &'static Functions {
                // SAFETY: it is a constant of C's, of the same layout.
                unsafe { &$name }
            }
        }
    };
}

library!(Libev, libev);
library!(Libevent, libevent);
library!(Libuv, libuv);

// SAFETY: c/*.c define them.
unsafe extern "C" {
    static libev: Functions;
    static libevent: Functions;
    static libuv: Functions;
}

/// `struct library` of c/peer.h, which says what each is. All of them are safe to call with pointers of the
/// same library that are not closed or forgotten yet.
#[repr(C)]
pub struct Functions {
    take_memory_from: unsafe extern "C" fn(unsafe extern "C" fn(Memory, usize) -> Memory),
    open: unsafe extern "C" fn(i32) -> *mut Loop,
    close: unsafe extern "C" fn(*mut Loop),
    watch: unsafe extern "C" fn(*mut Loop, RawFd, usize, i32) -> *mut Handle,
    change: unsafe extern "C" fn(*mut Loop, *mut Handle, i32),
    user: unsafe extern "C" fn(*mut Loop, usize) -> *mut Handle,
    notify: unsafe extern "C" fn(*mut Loop, *mut Handle),
    timer: unsafe extern "C" fn(*mut Loop, i64) -> *mut Handle,
    push: unsafe extern "C" fn(*mut Loop, *mut Handle, i64),
    forget: unsafe extern "C" fn(*mut Loop, *mut Handle),
    poll: unsafe extern "C" fn(*mut Loop, *mut Batch, i64),
}

type Memory = *mut libc::c_void;

#[repr(C)]
struct Loop([u8; 0]);

#[repr(C)]
struct Handle([u8; 0]);

/// `struct batch`.
#[repr(C)]
pub struct Batch {
    len: usize,
    ids: [usize; 65_536],
}

/// An event loop of library `L`.
pub struct CLoop<L: Library> {
    open: *mut Loop,
    /// By descriptor; null where there is none.
    sources: Vec<*mut Handle>,
    /// User events and timers.
    others: Vec<*mut Handle>,
    /// What `flush` finds, which is nothing.
    unread: Option<Box<Batch>>,
    library: PhantomData<L>,
}

impl<L: Library> CLoop<L> {
    /// One that other threads notify.
    pub fn of_threads() -> Self {
        Self::open(true)
    }

    fn open(threads: bool) -> Self {
        static MEMORY: Once = Once::new();
        MEMORY.call_once(|| {
            for functions in [Libev::functions(), Libevent::functions(), Libuv::functions()] {
                // SAFETY: nothing has been asked of the library before.
                unsafe { (functions.take_memory_from)(counting::resize) };
            }
        });
        // SAFETY: the library has its memory.
        let open = unsafe { (L::functions().open)(threads.into()) };
        CLoop {
            open,
            sources: Vec::new(),
            others: Vec::new(),
            unread: Some(Self::events()),
            library: PhantomData,
        }
    }

    /// A source of user events.
    pub fn user(&mut self, id: usize) -> User<L> {
        // SAFETY: the loop is open, here and below.
        let handle = unsafe { (L::functions().user)(self.open, id) };
        self.others.push(handle);
        User { open: self.open, handle, library: PhantomData }
    }

    /// A timer, from now, that does nothing when it is due.
    pub fn timer(&mut self, ahead: Duration) -> Timer {
        // SAFETY: as above.
        let handle = unsafe { (L::functions().timer)(self.open, nanos(ahead)) };
        self.others.push(handle);
        Timer(handle)
    }

    #[inline]
    pub fn push(&mut self, timer: Timer, ahead: Duration) {
        // SAFETY: as above; a timer lives as long as its loop, and the contests have one loop each.
        unsafe { (L::functions().push)(self.open, timer.0, nanos(ahead)) };
    }
}

impl<L: Library> Selector for CLoop<L> {
    const PEER: &'static str = L::PEER;

    type Events = Box<Batch>;

    fn new() -> Self {
        Self::open(false)
    }

    fn events() -> Box<Batch> {
        // SAFETY: they are numbers, for which zeros are a value.
        unsafe { Box::new_zeroed().assume_init() }
    }

    /// libev and libuv are level-triggered, whatever is asked.
    fn register(&mut self, fd: RawFd, id: usize, mode: Mode) {
        let edge = (mode == Mode::Edge).into();
        if self.sources.len() <= fd as usize {
            self.sources.resize(fd as usize + 1, std::ptr::null_mut());
        }
        // SAFETY: as above.
        self.sources[fd as usize] = unsafe { (L::functions().watch)(self.open, fd, id, edge) };
    }

    fn reregister(&mut self, fd: RawFd, _: usize, writable: bool) {
        // SAFETY: as above; who reregisters a source has registered it.
        unsafe { (L::functions().change)(self.open, self.sources[fd as usize], writable.into()) };
    }

    fn deregister(&mut self, fd: RawFd) {
        let source = std::mem::replace(&mut self.sources[fd as usize], std::ptr::null_mut());
        // SAFETY: as above.
        unsafe { (L::functions().forget)(self.open, source) };
    }

    /// libev and libuv tell the kernel of new sources, and libuv ends old ones, within a turn of the loop.
    fn flush(&mut self) {
        let mut unread = self.unread.take().unwrap();
        self.poll(&mut unread, Some(Duration::ZERO));
        self.unread = Some(unread);
    }

    /// Their documentations ask for the deregistration.
    fn close(&mut self, fd: RawFd) {
        self.deregister(fd);
        crate::sys::close(fd);
    }

    #[inline(always)]
    fn poll(&mut self, batch: &mut Box<Batch>, timeout: Option<Duration>) {
        // SAFETY: the loop is open, and the batch is valid for the length of the call.
        unsafe { (L::functions().poll)(self.open, &mut **batch, timeout.map_or(-1, nanos)) };
    }

    #[inline(always)]
    fn readable(batch: &mut Box<Batch>, mut handle: impl FnMut(usize)) {
        let len = std::mem::take(&mut batch.len);
        batch.ids[..len].iter().for_each(|&id| handle(id));
    }
}

impl<L: Library> Drop for CLoop<L> {
    fn drop(&mut self) {
        for &handle in self.sources.iter().chain(&self.others).filter(|handle| !handle.is_null()) {
            // SAFETY: each is forgotten once.
            unsafe { (L::functions().forget)(self.open, handle) };
        }
        // SAFETY: nobody uses it any more.
        unsafe { (L::functions().close)(self.open) };
    }
}

/// A timer of a loop; not beyond the loop's life.
#[derive(Copy, Clone)]
pub struct Timer(*mut Handle);

/// What notifies a loop; not beyond the loop's life.
pub struct User<L> {
    open: *mut Loop,
    handle: *mut Handle,
    library: PhantomData<L>,
}

// SAFETY: the libraries let every thread notify a loop `of_threads`, and all others stay on their thread.
unsafe impl<L> Send for User<L> {}

impl<L: Library> User<L> {
    #[inline(always)]
    pub fn notify(&self) {
        // SAFETY: the contests notify no loop that they have dropped.
        unsafe { (L::functions().notify)(self.open, self.handle) };
    }
}

#[inline(always)]
fn nanos(time: Duration) -> i64 {
    time.as_nanos() as i64
}
