//! Programs that people use, at both ends, and many clients.

use std::io::Write;
use std::process::{Command, Stdio};

use super::support::{Server, skip};
use super::*;

#[test]
fn curl_through_it_to_the_http_server() {
    let server = Server::start("http_server", &["127.0.0.1:0"]);
    let proxy = start(&[], &[server.address]);
    let url = format!("http://{}/bytes/5000000", proxy.address);
    let Ok(output) = Command::new("curl").args(["-sS", &url]).output() else {
        return skip("no curl");
    };
    assert_eq!(output.stdout.len(), 5_000_000, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn socat_through_it_to_socat() {
    let port = nowhere();
    let listen = format!("TCP-LISTEN:{},bind=127.0.0.1,reuseaddr,fork", port.port());
    let Ok(mut backend) = Command::new("socat").args([&listen, "EXEC:rev"]).spawn() else {
        return skip("no socat");
    };
    while TcpStream::connect(port).is_err() {
        thread::yield_now();
    }
    let proxy = start(&[], &[port]);
    let mut client = Command::new("socat");
    client.args(["-t10", "-", &format!("TCP:{}", proxy.address)]);
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    client.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    let output = client.wait_with_output().unwrap();
    backend.kill().unwrap();
    backend.wait().unwrap();
    assert_eq!(output.stdout, b"olleh\n");
}

#[test]
fn many_short_sessions_leave_nothing_behind() {
    let proxy = Proxy::start(&[]);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..500 {
                let mut stream = accept(&proxy.backend);
                let mut buffer = [0; 5];
                stream.read_exact(&mut buffer).unwrap();
                stream.write_all(&buffer).unwrap();
            }
        });
        for _ in 0..500 {
            let mut client = proxy.server.connect();
            client.write_all(b"hello").unwrap();
            client.read_exact(&mut [0; 5]).unwrap();
            assert_ended(&mut client);
        }
    });
    proxy.assert_as_before();
}
