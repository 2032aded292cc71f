//! Wakers in statics: registered later, and as wakers of `core::task`.

use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::task::{Context, Poll};
use std::thread;

use mio_st::Error;
use mio_st::event::{EventedId, Ready};
use mio_st::poll::{Poller, Registry};
use mio_st::unix::Waker;

use crate::support::*;

const ID: EventedId = EventedId(7);
const WOKEN: (usize, Ready) = (7, Ready::READABLE);

#[test]
fn a_wake_before_the_registration_is_delivered_after_it() {
    static WAKER: Waker = Waker::unregistered();
    let mut poller = Poller::new().unwrap();
    for _ in 0..3 {
        assert_eq!(WAKER.wake(), Ok(()));
    }
    WAKER.register(poller.registry(), ID).unwrap();
    assert_eq!(poll(&mut poller), [WOKEN]);
    assert_silent(&mut poller);
    WAKER.wake().unwrap();
    assert_eq!(poll(&mut poller), [WOKEN]);
}

#[test]
fn without_a_wake_there_is_no_event() {
    let waker = Waker::unregistered();
    let mut poller = Poller::new().unwrap();
    waker.register(poller.registry(), ID).unwrap();
    assert_silent(&mut poller);
}

#[test]
fn it_is_registered_once() {
    let mut poller = Poller::new().unwrap();
    let mut other = Registry::new().unwrap();
    let waker = Waker::unregistered();
    waker.register(poller.registry(), ID).unwrap();
    assert_eq!(waker.register(poller.registry(), ID), Err(Error::AlreadyExists));
    assert_eq!(waker.register(&mut other, ID), Err(Error::AlreadyExists));
    let made = Waker::new(poller.registry(), EventedId(8)).unwrap();
    assert_eq!(made.register(&mut other, ID), Err(Error::AlreadyExists));
    waker.wake().unwrap();
    assert_eq!(poll(&mut poller), [WOKEN]);
}

#[test]
fn no_wake_is_lost_while_it_is_registered() {
    for _ in 0..500 {
        let waker = Waker::unregistered();
        let mut poller = Poller::new().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| waker.wake().unwrap());
            waker.register(poller.registry(), ID).unwrap();
            assert_eq!(poll(&mut poller), [WOKEN]);
        });
    }
}

/// Is ready when a flag is set, and is woken by the thread that sets it.
fn flag(flag: &'static AtomicBool) -> impl Future<Output = u32> {
    let mut started = false;
    core::future::poll_fn(move |context| {
        if flag.load(SeqCst) {
            return Poll::Ready(3);
        }
        if !core::mem::replace(&mut started, true) {
            let waker = context.waker().clone();
            thread::spawn(move || {
                flag.store(true, SeqCst);
                waker.wake();
            });
        }
        Poll::Pending
    })
}

#[test]
fn an_executor_sleeps_in_a_poll() {
    static WAKER: Waker = Waker::unregistered();
    static FLAG: AtomicBool = AtomicBool::new(false);
    let mut poller = Poller::new().unwrap();
    WAKER.register(poller.registry(), ID).unwrap();

    let task_waker = WAKER.task_waker();
    let mut context = Context::from_waker(&task_waker);
    let mut future = pin!(flag(&FLAG));
    let result = loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => break result,
            Poll::Pending => assert_eq!(poll(&mut poller), [WOKEN]),
        }
    };
    assert_eq!(result, 3);
}

#[test]
fn a_task_waker_wakes_by_value_by_reference_and_as_a_clone() {
    static WAKER: Waker = Waker::unregistered();
    static OTHER: Waker = Waker::unregistered();
    let mut poller = Poller::new().unwrap();
    WAKER.register(poller.registry(), ID).unwrap();
    let task_waker = WAKER.task_waker();
    assert!(task_waker.will_wake(&task_waker.clone()));
    assert!(!task_waker.will_wake(&OTHER.task_waker()));

    task_waker.wake_by_ref();
    assert_eq!(poll(&mut poller), [WOKEN]);
    let clone = task_waker.clone();
    clone.wake();
    assert_eq!(poll(&mut poller), [WOKEN]);
    drop(task_waker.clone());
    assert_silent(&mut poller);
    task_waker.wake();
    assert_eq!(poll(&mut poller), [WOKEN]);
}
