//! One test for several capacities.

#[allow(unused_macros)] // Each uses some of the support.
/// Calls a function that has a capacity as its parameter, with each of these.
macro_rules! for_each_size {
    ($function:ident of $($size:literal)*) => {
        $($function::<$size>();)*
    };
}
pub(crate) use for_each_size;
