//! Which socket of an address gets a packet.

use super::fd::RawFd;
use crate::error::Result;

/// Chooses among the sockets of one address by the CPU: a classic BPF program that returns the
/// number of the CPU modulo `sockets`. `SO_ATTACH_REUSEPORT_CBPF` in socket(7).
///
/// Out of line, so that a program without this option does not contain it.
#[inline(never)]
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn steer_by_cpu(socket: RawFd, sockets: u32) -> Result<()> {
    // linux/bpf_common.h and linux/filter.h; the libc crate lacks some of them for Android.
    const LOAD_WORD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const MODULO: u16 = 0x94; // BPF_ALU | BPF_MOD | BPF_K
    const RETURN_ACCUMULATOR: u16 = 0x16; // BPF_RET | BPF_A
    const CPU: u32 = (-0x1000_i32 + 36) as u32; // SKF_AD_OFF + SKF_AD_CPU
    let code = |code, k| libc::sock_filter { code, jt: 0, jf: 0, k };
    let mut program = [code(LOAD_WORD, CPU), code(MODULO, sockets), code(RETURN_ACCUMULATOR, 0)];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    super::option::set(socket, libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF, program)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn steer_by_cpu(_: RawFd, _: u32) -> Result<()> {
    Err(crate::Error::Unsupported)
}
