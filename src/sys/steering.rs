//! Which socket of an address gets a packet.

use super::fd::RawFd;
use crate::error::Result;

/// Chooses among the sockets of one address by the CPU: a classic BPF program that returns the
/// number of the CPU modulo `sockets`. `SO_ATTACH_REUSEPORT_CBPF` in socket(7).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn steer_by_cpu(socket: RawFd, sockets: u32) -> Result<()> {
    let code =
        |operation: u32, k: u32| libc::sock_filter { code: operation as u16, jt: 0, jf: 0, k };
    /// Ancillary data of the packet, linux/filter.h: `SKF_AD_OFF + SKF_AD_CPU`.
    const CPU: u32 = (-0x1000_i32 + 36) as u32;
    let mut program = [
        code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, CPU),
        code(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K, sockets),
        code(libc::BPF_RET | BPF_A, 0),
    ];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    super::option::set(socket, libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF, program)
}

/// Returns what the accumulator holds.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BPF_A: u32 = 0x10;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn steer_by_cpu(_: RawFd, _: u32) -> Result<()> {
    Err(crate::Error::Unsupported)
}
