//! What a test that cannot run here says.

use core::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;

/// Prints that the calling test, or a part of it, is skipped, and why. `ci/test.sh` collects the
/// reasons in the file that `MIO_ST_SKIPPED` names, and lists them.
pub fn skip(reason: impl Display) {
    println!("SKIPPED: {reason}");
    let Some(path) = std::env::var_os("MIO_ST_SKIPPED") else { return };
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(format!("{test}: {reason}\n").as_bytes()).unwrap();
}
