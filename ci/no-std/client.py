"""Clients of the two servers: what comes back is what went out, idle connections are closed in time, and
the memory of many connections is what it is.

usage: client.py {echo|ending|idle|many} PORT [...]
  echo PORT              several connections at once, more than fits into the sockets; prints the bytes
  ending PORT FULL       FULL bytes and the end, at once; prints the bytes
  idle PORT MILLIS       a connection is closed after MILLIS without data, and no earlier
  many PORT COUNT PID    COUNT connections; prints the resident memory of PID, before and with them
"""
import random
import resource
import selectors
import socket
import sys
import time


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def echo(port):
    rng = random.Random(7)
    data = [rng.randbytes(3_000_000 if n == 0 else rng.randrange(1, 200_000)) for n in range(20)]
    select = selectors.DefaultSelector()
    for index in range(len(data)):
        sock = connect(port)
        sock.setblocking(False)
        select.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, [index, 0, bytearray()])
    deadline, total = time.monotonic() + 60, sum(map(len, data))
    while select.get_map():
        assert time.monotonic() < deadline, "the echo did not come"
        for key, events in select.select(5):
            sock, (index, sent, got) = key.fileobj, key.data
            whole = data[index]
            if events & selectors.EVENT_WRITE:
                key.data[1] += sock.send(whole[sent : sent + 100_000])
                # The rest of the first is read late: the server must wait, and go on.
                if key.data[1] == len(whole):
                    select.modify(sock, selectors.EVENT_READ, key.data)
                if index == 0 and key.data[1] < len(whole) // 2:
                    continue
            if events & selectors.EVENT_READ and len(got) < len(whole):
                chunk = sock.recv(65536)
                assert chunk, "closed too early"
                got += chunk
            if len(got) == len(whole):
                assert got == whole, "another echo"
                select.unregister(sock)
                sock.close()
    return total


def ending(port, full):
    """Data and its end come in one piece, and the server reads a `full` buffer before it finds the end."""
    with connect(port) as sock:
        sock.sendall(b"x" * full)
        sock.shutdown(socket.SHUT_WR)
        got = b""
        while chunk := sock.recv(65536):
            got += chunk
    assert len(got) == full
    return full


def idle(port, millis):
    busy, quiet = connect(port), connect(port)
    begun = time.monotonic()
    # One is kept alive for twice the time, the other is not.
    for _ in range(4):
        time.sleep(millis / 2000)
        busy.sendall(b"x")
        assert busy.recv(9) == b"x"
        last = time.monotonic()
    assert quiet.recv(9) == b""
    assert busy.recv(9) == b""
    lasted = (time.monotonic() - last) * 1000
    assert millis - 1 <= lasted < millis + 2000, f"closed after {lasted} ms"
    assert time.monotonic() - begun < 30


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def many(port, count, pid):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    possible = count if hard == resource.RLIM_INFINITY else min(count, hard - 100)
    before = resident(pid)
    socks = []
    for _ in range(possible):
        socks.append(connect(port))
    for sock in socks:
        sock.sendall(b"hello")
    for sock in socks:
        assert sock.recv(9) == b"hello"
    print(possible, before, resident(pid))
    # And those of which half has gone are as good as before.
    for sock in socks[::2]:
        sock.close()
    for sock in socks[1::2]:
        sock.sendall(b"again")
        assert sock.recv(9) == b"again"


if __name__ == "__main__":
    clients = {"echo": echo, "ending": ending, "idle": idle, "many": many}
    answer = clients[sys.argv[1]](*map(int, sys.argv[2:]))
    if answer is not None:
        print(answer)
