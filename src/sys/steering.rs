//! Which socket of an address gets a packet.

use super::fd::RawFd;
use crate::error::Result;

/// Chooses among the sockets of one address by the CPU: a classic BPF program that returns the
/// number of the CPU modulo `sockets`. `SO_ATTACH_REUSEPORT_CBPF` in socket(7).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn steer_by_cpu(socket: RawFd, sockets: u32) -> Result<()> {
    let code = |code, k| libc::sock_filter { code, jt: 0, jf: 0, k };
    let mut program = [code(LOAD, CPU), code(MODULO, sockets), code(RETURN, 0)];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    super::option::set(socket, libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF, program)
}

// linux/bpf_common.h; the libc crate does not have its names for Android.

/// `BPF_LD | BPF_W | BPF_ABS`: loads a word.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LOAD: u16 = 0x20;
/// `BPF_ALU | BPF_MOD | BPF_K`: divides it and keeps the remainder.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MODULO: u16 = 0x94;
/// `BPF_RET | BPF_A`: returns it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const RETURN: u16 = 0x16;
/// Ancillary data of the packet, linux/filter.h: `SKF_AD_OFF + SKF_AD_CPU`.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CPU: u32 = (-0x1000_i32 + 36) as u32;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn steer_by_cpu(_: RawFd, _: u32) -> Result<()> {
    Err(crate::Error::Unsupported)
}
