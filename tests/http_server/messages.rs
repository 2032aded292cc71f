//! Requests, and the status that each must get.

pub const GREET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Requests that share a connection, with all that a connection can carry, and what is sent back
/// but for the dates.
pub const PIPELINE: &[(&[u8], &str)] = &[
    (
        GREET,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!",
    ),
    (
        b"HEAD /bytes/70 HTTP/1.1\r\nHost: a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 70\r\n\r\n",
    ),
    (
        b"GET http://a/bytes/66?x=y HTTP/1.1\r\nHost: a\r\nX: \xff\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 66\r\n\r\n\
         0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n01",
    ),
    (
        b"POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n\
          3;a=\"b\"\r\nabc\r\n00a \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n13\n",
    ),
    (
        b"\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nGET /",
    ),
    (
        b"GET /none HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy",
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\n404 Not Found\r\n",
    ),
    (
        b"GET / HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\n\
         Content-Length: 13\r\n\r\nHello, world!",
    ),
    (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\
         Content-Length: 13\r\n\r\nHello, world!",
    ),
];

/// What ends the connection, and with which status.
pub const REFUSED: &[(u16, &[u8])] = &[
    (400, b"GET / HTTP/1.1\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    (400, b"GET\r\n\r\n"),
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), // TLS
    (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"),
    (400, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, b"POST /length HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
    (400, b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n"),
    (400, b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"),
    (400, b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;\nx\r\n"),
    (400, b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz"),
    (413, b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"),
    (413, b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    (413, b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n"),
    (404, b"POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
    (417, b"POST / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\n\r\n"),
    (501, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    (501, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
];

/// What is too long to be accepted, and the status.
pub fn too_long() -> [(u16, Vec<u8>); 5] {
    let many = |count: usize, piece: &str| piece.repeat(count);
    [
        (414, format!("GET /{} HTTP/1.1\r\n", many(9_000, "a")).into()),
        (431, format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n", many(9_000, "a")).into()),
        (431, format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", many(64, "A: b\r\n")).into()),
        (
            400,
            format!(
                "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;{}",
                many(9_000, "a")
            )
            .into(),
        ),
        (
            400,
            format!(
                "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{}\r\n",
                many(17, "A: b\r\n")
            )
            .into(),
        ),
    ]
}
