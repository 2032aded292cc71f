//! The README shows the very server that is compiled and run here.

use std::fs;

#[test]
fn the_server_is_the_one_of_the_readme() {
    let here = env!("CARGO_MANIFEST_DIR");
    let server = fs::read_to_string(format!("{here}/src/server.rs")).unwrap();
    let readme = fs::read_to_string(format!("{here}/../../README.md")).unwrap();
    assert_eq!(readme.matches(&server).count(), 1, "the README lacks the text of src/server.rs");
}
