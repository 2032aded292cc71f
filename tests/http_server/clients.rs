//! Clients that people use.

use std::fs;
use std::io::Write;
use std::process::Command;

use super::messages::PIPELINE;
use super::support::{assert_serves_ab, output_of};
use super::{greets, read_rest, start};

#[test]
fn curl_gets_posts_and_keeps_its_connection() {
    let server = start(&[]);
    let url = |path: &str| format!("http://{}{path}", server.address);
    let curl = |arguments: &[&str]| output_of("curl", &[&["-sS"], arguments].concat());

    // The second line of `-w` says how many connections were made for a URL.
    let count = "%{http_code} %{num_connects} %{size_download}\n";
    let urls = [&url("/bytes/3000000"), &url("/none"), &url("/"), &url("/bytes/0")];
    let mut arguments = vec!["-w", count];
    for url in urls {
        arguments.extend(["-o", "/dev/null", url]);
    }
    let Some(seen) = curl(&arguments) else { return };
    assert_eq!(seen, "200 1 3000000\n404 0 15\n200 0 13\n200 0 0\n");
    assert!(curl(&["-I", &url("/")]).unwrap().contains("Content-Length: 13\r\n"));
    assert_eq!(curl(&["--http1.0", &url("/")]).unwrap(), "Hello, world!");

    let body: Vec<u8> = (0..300_000_u64).map(|n| (n * n % 251) as u8).collect();
    let file = std::env::temp_dir().join(format!("mio-st-http-{}", std::process::id()));
    fs::write(&file, &body).unwrap();
    let data = format!("@{}", file.display());
    for header in ["A: b", "Transfer-Encoding: chunked", "Expect: 100-continue"] {
        let echo = Command::new("curl")
            .args(["-sS", "-H", header, "--data-binary", &data, &url("/echo")])
            .output()
            .unwrap();
        assert!(echo.stdout == body, "{header}: {} bytes", echo.stdout.len());
        let length = curl(&["-H", header, "--data-binary", &data, &url("/length")]).unwrap();
        assert_eq!(length, "300000\n", "{header}");
    }
    fs::remove_file(file).unwrap();
}

#[test]
fn load_generators_see_no_failure() {
    let server = start(&["--cores", "2"]);
    let url = format!("http://{}/", server.address);
    assert_serves_ab(&url, "500");
    if let Some(report) = output_of("wrk", &["-t1", "-c20", "-d1s", &url]) {
        assert!(report.contains(" requests in "), "{report}");
        assert!(!report.contains("Socket errors") && !report.contains("Non-2xx"), "{report}");
    }
}

#[test]
fn a_client_that_closes_its_direction_gets_all_responses() {
    let server = start(&[]);
    for pause in [false, true] {
        let mut stream = server.connect();
        stream.set_nodelay(true).unwrap();
        for (request, _) in &PIPELINE[..7] {
            for byte in request.chunks(if pause { 1 } else { 1_000 }) {
                stream.write_all(byte).unwrap();
            }
        }
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let responses = String::from_utf8(read_rest(&stream)).unwrap();
        assert_eq!(responses.matches("HTTP/1.1 ").count(), 7, "{responses}");
        assert!(responses.ends_with("Hello, world!"));
    }
    assert!(greets(&mut server.connect()));
}
