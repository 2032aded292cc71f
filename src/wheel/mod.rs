//! The hashed timing wheel.
