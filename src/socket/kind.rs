//! What kinds of sockets there are, and what each kind has.

use core::ffi::c_int;
use core::fmt::Debug;
use core::net::SocketAddr;

use crate::error::{Error, Result};
use crate::interests::Interests;
use crate::sys::address::RawAddress;

/// A kind of socket. The kinds are fixed: the trait cannot be implemented elsewhere.
pub trait Kind: Sealed + Sized {
    /// The type of its addresses.
    type Address: Address;

    /// The interests that it is usually registered with.
    const INTERESTS: Interests;

    /// The union of the interests that can occur; any other is refused as
    /// [`InvalidInput`](crate::Error::InvalidInput).
    const POSSIBLE: Interests = Self::INTERESTS;
}

/// A kind that carries data.
pub trait Data: Kind {
    /// Gives an error of a send its meaning.
    #[doc(hidden)]
    fn send_error(error: Error) -> Error {
        error
    }
}

/// A kind that can have one peer.
pub trait Peer: Data {}

/// A kind whose data is a stream of bytes.
pub trait Stream: Peer {}

/// A kind whose data is datagrams, which arrive whole.
pub trait Datagrams: Data {}

/// A kind that accepts connections.
pub trait Listens: Kind {
    /// The kind of the connections.
    type Stream: Stream<Address = Self::Address>;
}

/// A kind of the Unix domain that carries data.
pub trait Unix: Data {}

/// A kind of the internet protocols.
pub trait Ip: Kind<Address = SocketAddr> {}

/// The two kinds of UDP.
pub trait Udp: Ip + Datagrams {
    /// Whether it has one peer.
    const IS_CONNECTED: bool;
}

/// An address of a socket.
pub trait Address: RawForm + Copy + Debug {}

impl Address for SocketAddr {}

/// What only this crate may say of a kind.
pub trait Sealed {
    /// The name of the type.
    const NAME: &'static str;
    /// `SOCK_STREAM` or another, see socket(2).
    const TYPE: c_int;
    /// The address families.
    const FAMILIES: &'static [c_int];
    /// Whether it is a socket that listens.
    const LISTENS: bool = false;
}

/// How an address goes to the kernel and comes back.
pub trait RawForm: Sized {
    /// Writes the address as the kernel reads it.
    fn to_raw(&self) -> RawAddress;

    /// Reads what the kernel wrote.
    fn from_raw(raw: &RawAddress) -> Result<Self>;
}

impl RawForm for SocketAddr {
    fn to_raw(&self) -> RawAddress {
        RawAddress::of(*self)
    }

    #[inline]
    fn from_raw(raw: &RawAddress) -> Result<SocketAddr> {
        raw.get()
    }
}

/// Declares the type of a kind, which has no values, and what each kind says of itself.
macro_rules! kind {
    (
        $(#[$doc:meta])*
        $Name:ident: $TYPE:ident of $families:expr, listens: $listens:literal;
        address: $Address:ty;
        interests: $interests:expr $(, possible: $possible:expr)?;
        $(is $Trait:ident $({ $($item:tt)* })?;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $Name {}

        impl $crate::socket::kind::Sealed for $Name {
            const NAME: &'static str = ::core::stringify!($Name);
            const TYPE: ::core::ffi::c_int = ::libc::$TYPE;
            const FAMILIES: &'static [::core::ffi::c_int] = &$families;
            const LISTENS: bool = $listens;
        }

        impl $crate::socket::kind::Kind for $Name {
            type Address = $Address;
            const INTERESTS: $crate::interests::Interests = $interests;
            $(const POSSIBLE: $crate::interests::Interests = $possible;)?
        }

        $(impl $crate::socket::kind::$Trait for $Name {
            $($($item)*)?
        })*
    };
}
pub(super) use kind;
