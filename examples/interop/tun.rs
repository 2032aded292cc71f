//! A network device whose other end is this program: the kernel's
//! Documentation/networking/tuntap.rst.

use core::net::Ipv4Addr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use super::super::common::Log;
use super::check;

// Of a range that is nobody's (RFC 5737).
const HERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const DISCARD: u16 = 9;

pub struct Tun {
    pub device: File,
    socket: UdpSocket,
}

impl Tun {
    /// Makes one, in a network of this thread's own: that of the machine stays as it is.
    pub fn new() -> io::Result<Tun> {
        // SAFETY: no memory is involved.
        check(unsafe { libc::unshare(libc::CLONE_NEWNET) })?;
        let mut options = File::options();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let device = options.open("/dev/net/tun")?;
        let control = UdpSocket::bind("0.0.0.0:0")?;
        // SAFETY: all zeroes are a value of both; the kernel reads and writes one `ifreq` that is
        // alive, of whose union each call is given the field that it takes.
        unsafe {
            let mut request: libc::ifreq = core::mem::zeroed();
            request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
            check(libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, &raw mut request))?;

            // The line has two ends.
            for (set, end) in [(libc::SIOCSIFADDR, HERE), (libc::SIOCSIFDSTADDR, THERE)] {
                let mut address: libc::sockaddr_in = core::mem::zeroed();
                address.sin_family = libc::AF_INET as libc::sa_family_t;
                address.sin_addr.s_addr = u32::from_ne_bytes(end.octets());
                (&raw mut request.ifr_ifru.ifru_addr).cast::<libc::sockaddr_in>().write(address);
                check(libc::ioctl(control.as_raw_fd(), set as _, &raw mut request))?;
            }

            request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
            check(libc::ioctl(control.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw mut request))?;
        }
        Ok(Tun { device, socket: control })
    }

    /// Sends a datagram that is routed through the device.
    pub fn send(&self, data: &[u8]) -> io::Result<()> {
        self.socket.send_to(data, (THERE, DISCARD)).map(drop)
    }

    /// Prints the datagrams that have come; how many. The kernel sends packets of its own as well.
    pub fn print_packets(&self, log: &mut Log) -> io::Result<u32> {
        let (mut packet, mut count) = ([0; 1500], 0);
        loop {
            let length = match (&self.device).read(&mut packet) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(count),
                Err(error) => return Err(error),
            };
            // IPv4 without options is 20 bytes and says 17 for UDP, whose own header is 8.
            if length >= 28 && packet[0] == 0x45 && packet[9] == 17 {
                let data = String::from_utf8_lossy(&packet[28..length]);
                log.line(format_args!("tun: a datagram: {data}"));
                count += 1;
            }
        }
    }
}
