//! What makes a small program: no tables for unwinding, no hash of the build, sections side by side.

fn main() {
    for argument in [
        "-Wl,--build-id=none",
        "-Wl,--no-eh-frame-hdr",
        "-Wl,-z,norelro",
        "-Wl,-z,noseparate-code",
        "-Wl,--hash-style=gnu",
    ] {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
