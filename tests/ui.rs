//! Sizes that cannot work do not compile, and the message says why.
#![cfg(target_pointer_width = "64")] // Others cannot even write some of them.

use core::fmt::Write;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

/// Each with what the compiler must say.
const IMPOSSIBLE: [(&str, &str); 12] = [
    ("Events::<0>::sized()", "Events<0>: a poll needs room for at least one event"),
    ("Events::<0>::default()", "Events<0>: a poll needs room for at least one event"),
    ("Events::<{ (1 << 24) + 1 }>::sized()", "Events<N>: N is at most 2^24"),
    ("TimerWheel::<{ (1 << 24) + 1 }>::new()", "TimerWheel<N>: N is at most 16,777,216"),
    ("TimerWheel::<{ 1 << 25 }>::init_in(room())", "TimerWheel<N>: N is at most 16,777,216"),
    ("ReadyQueue::<{ 1 << 31 }>::new()", "N: at most 2^31 - 1 sources"),
    ("ReadyQueue::<{ 1 << 31 }>::init_in(room())", "N: at most 2^31 - 1 sources"),
    ("Slab::<u8, { u32::MAX as usize }>::new()", "N: more slots than a key can number"),
    ("Slab::<u8, { u32::MAX as usize }>::init_in(room())", "N: more slots than a key can number"),
    ("Poller::<0, { 1 << 25 }>::sized()", "TimerWheel<N>: N is at most 16,777,216"),
    ("Poller::<0, { 1 << 25 }>::init_in(room())", "TimerWheel<N>: N is at most 16,777,216"),
    ("Poller::<{ 1 << 31 }, 0>::init_in(room())", "N: at most 2^31 - 1 sources"),
];

/// The largest and the smallest that can.
const POSSIBLE: [&str; 8] = [
    "Events::<1>::sized()",
    "Events::<{ 1 << 24 }>::sized as fn() -> Events<{ 1 << 24 }>",
    "TimerWheel::<0>::new()",
    "TimerWheel::<{ 1 << 24 }>::init_in(room())",
    "ReadyQueue::<0>::new()",
    "Slab::<u8, 0>::new()",
    "Poller::<0, 0>::sized()",
    "Poller::<1_000_000, { 1 << 24 }>::init_in(room())",
];

#[test]
fn what_cannot_work_does_not_compile_and_says_why() {
    let compiler = Compiler::new();
    let compiler = &compiler;
    thread::scope(|scope| {
        for cases in IMPOSSIBLE.chunks(IMPOSSIBLE.len().div_ceil(2)) {
            scope.spawn(move || {
                for (expression, message) in cases {
                    let output = compiler.compile(expression);
                    let text = String::from_utf8_lossy(&output.stderr).into_owned();
                    assert!(!output.status.success(), "{expression} compiles");
                    assert!(text.contains(message), "{expression}: not '{message}':\n{text}");
                }
            });
        }
    });
}

#[test]
fn what_can_work_compiles() {
    // In one: the compiler's start is most of its time.
    let mut all = String::from("(");
    for expression in POSSIBLE {
        write!(all, "drop({expression}),").unwrap();
    }
    let output = Compiler::new().compile(&(all + ")"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The compiler, with the library that this test is linked with.
struct Compiler {
    library: PathBuf,
}

impl Compiler {
    fn new() -> Compiler {
        // Cargo has put it beside this test. There may be others, of other features and other compilers.
        let folder = env::current_exe().unwrap().parent().unwrap().to_owned();
        let is_library = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("libmio_st-") && name.ends_with(".rlib")
        };
        let mut libraries: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(is_library)
            .collect();
        libraries.sort_by_key(|path| path.metadata().and_then(|data| data.modified()).unwrap());
        let compilers = libraries.into_iter().rev().map(|library| Compiler { library });
        let mut works = compilers.filter(|it| it.compile("Slab::<u8, 1>::new()").status.success());
        works.next().expect("no library that this compiler can use")
    }

    /// Compiles a library that evaluates `expression`; it writes nothing of it that lasts.
    fn compile(&self, expression: &str) -> Output {
        let folder = self.library.parent().unwrap();
        let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
        let mut command = Command::new(rustc);
        command.args([
            "-",
            "--crate-name=ui",
            "--crate-type=lib",
            "--edition=2024",
            "--color=never",
        ]);
        // Not metadata only: the sizes are known where code is made for them.
        command.arg("--emit=obj").arg("-o").arg(scratch()).arg("-L").arg(dependency(folder));
        command.arg("--extern").arg(format!("mio_st={}", self.library.display()));
        let source = format!(
            "#![allow(unused)]
            use mio_st::{{event::*, poll::*, slab::*, timer::*}};
            fn room<T>() -> &'static mut std::mem::MaybeUninit<T> {{ todo!() }}
            pub fn ui() {{ drop({expression}); }}"
        );
        run(&mut command, &source)
    }
}

fn dependency(folder: &Path) -> String {
    format!("dependency={}", folder.display())
}

/// A file for the code, which nobody reads.
fn scratch() -> PathBuf {
    let thread = format!("{:?}", thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ui-{}-{number}.o", std::process::id()))
}

/// Runs it with this input, and removes what it wrote.
fn run(command: &mut Command, input: &str) -> Output {
    use std::io::Write;
    use std::process::Stdio;

    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let _ = fs::remove_file(scratch());
    output
}
