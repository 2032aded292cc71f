//! Fixed-capacity generational storage.
