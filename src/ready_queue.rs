//! The readiness state machine for user-space sources.
