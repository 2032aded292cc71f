//! How the examples are used: usage texts, messages of errors, and the README's copy of
//! `echo_server`.
#![cfg(feature = "std")]

mod support;

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use self::support::*;

/// Examples, but not the README's server; and if they listen, their arguments before and after the
/// address.
const EXAMPLES: [(&str, Option<[&[&str]; 2]>); 13] = [
    ("tcp_server", Some([&[], &[]])),
    ("echo_demo", None),
    ("fair_server", Some([&[], &[]])),
    ("idle_timeout", Some([&[], &[]])),
    ("one_request", Some([&[], &[]])),
    ("dns_server", None),
    ("per_core", Some([&["reuse-port"], &[]])),
    ("interop", None),
    ("service_std", Some([&[], &[]])),
    ("tuned", None),
    ("http_server", Some([&["--idle", "500"], &[]])),
    ("proxy", Some([&["--idle", "500"], &["127.0.0.1:1"]])),
    ("async", Some([&[], &[]])),
];

/// Those that listen, with their arguments.
fn servers(address: &str) -> impl Iterator<Item = (&'static str, Vec<&str>)> {
    EXAMPLES.into_iter().filter_map(move |(name, arguments)| {
        let [before, after] = arguments?;
        Some((name, [before, &[address], after].concat()))
    })
}

fn run(name: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(example(name)).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn each_example_has_a_usage_text() {
    for (name, _) in EXAMPLES {
        let beginning = format!("usage: {name}");
        let (status, output, errors) = run(name, &["--help"]);
        assert!(status == Some(0) && output.starts_with(&beginning), "{name}: {output}");
        assert!(output.lines().count() > 2 && errors.is_empty(), "{name}: {errors}");
        let (status, output, errors) = run(name, &["no-such-thing", "1", "2", "3"]);
        let (message, usage) = errors.split_once('\n').unwrap();
        assert!(status == Some(2) && usage.starts_with(&beginning), "{name}: {errors}");
        // It says which argument it is.
        assert!(message.starts_with(&format!("{name}: no-such-thing: ")), "{message}");
        assert_eq!(output, "", "{name}");
    }
}

#[test]
fn an_error_names_the_address_and_says_what_is_wrong() {
    // Without SO_REUSEPORT, so that nobody else can listen there.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (name, arguments) in servers(&address) {
        let (status, _, errors) = run(name, &arguments);
        assert_eq!(status, Some(1), "{name}: {errors}");
        let beginning = format!("{name}: {address}: ");
        assert!(errors.starts_with(&beginning) && errors.contains("in use"), "{name}: {errors}");
        assert!(!errors.contains("kind:"), "{name}: {errors}");
    }
}

/// Neither by `Debug`, as a `main` that returns it would, nor without what the system says.
#[test]
fn the_server_of_the_readme_says_in_words_what_is_wrong() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (argument, message) in
        [(address.as_str(), "Address already in use"), ("nonsense", "invalid socket address")]
    {
        let (status, output, errors) = run("echo_server", &[argument]);
        assert!(status == Some(1) && output.is_empty(), "{errors}");
        assert!(errors.starts_with(message) && errors.lines().count() == 1, "{errors}");
    }
}

/// The loader of programs needs one descriptor, and a server three at least.
#[test]
fn without_descriptors_each_server_says_so_and_ends() {
    for limit in [4, 5] {
        for (name, arguments) in servers("127.0.0.1:0") {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]);
            let output = command.arg(example(name)).args(arguments).output().unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{name}, {limit}: {errors}");
            let error = format!("{name}: 127.0.0.1:0: Too many open files (os error 24)\n");
            assert_eq!(errors, error, "{limit}");
        }
    }
}

/// As with `| head -1`.
#[test]
fn programs_that_end_by_themselves_do_so_if_nobody_reads_what_they_print() {
    for name in ["echo_demo", "interop", "tuned"] {
        let (_, output) = io::pipe().unwrap();
        let process = Command::new(example(name)).stdout(output).output().unwrap();
        let errors = String::from_utf8_lossy(&process.stderr);
        assert!(process.status.success() && errors.is_empty(), "{name}: {errors}");
    }
}

#[test]
fn the_index_names_each_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = fs::read_to_string(root.join("examples/README.md")).unwrap();
    for entry in fs::read_dir(root.join("examples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || index.contains(&format!("]({name}")), "{name} is missing");
    }
}

/// The README's server is `echo_server` with a constant address, and so it is tested as that is.
#[test]
fn the_server_of_the_readme_is_tested_and_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let source = fs::read_to_string(root.join("examples/echo_server.rs")).unwrap();
    let (_, server) = source.split_once("\n\n").unwrap();
    let start = server.find("    let address").unwrap();
    let end = server.find("    let (mut poller").unwrap();
    let bind = "    let listener = TcpListener::bind(\"127.0.0.1:12345\".parse().unwrap())?;\n";
    let server = [&server[..start], bind, &server[end..]].concat();
    assert!(readme.contains(&server), "the README's server is another");
    assert!(server.lines().count() < 60);
}
