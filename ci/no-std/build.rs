//! What makes a small program: no tables for unwinding, no hash of the build, sections side by side.

fn main() {
    let directory = env!("CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{directory}/no-unwind.ld");
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
    println!("cargo::rerun-if-changed=no-unwind.ld");
}
