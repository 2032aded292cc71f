"""Clients of the two servers: what comes back is what went out, idle connections are closed in time, and
the memory of many connections is what it is.

usage: client.py {echo|ending|idle|many|urgent|survive|stall|stuck|flood} PORT [...]
  echo PORT              several connections at once, more than fits into the sockets; prints the bytes
  ending PORT FULL       FULL bytes and the end, at once; prints the bytes
  idle PORT MILLIS       a connection is closed after MILLIS without data, and no earlier; prints the bytes
  many PORT COUNT PID    COUNT connections; prints the resident memory of PID, before and with them
  urgent PORT            data with an urgent byte in the middle, at which a read stops
  survive PORT           clients one after the other, while accept fails once: at most one is not served
  stall PORT MILLIS PID  PID is stopped while idle times of MILLIS end and the clients speak; it must live on
  stuck PORT MILLIS      a client that speaks, and of which the server has nothing, is closed as idle
  flood PORT PID         clients that send and read without end; a friend is answered in between, and PID ends
                         when told to
"""
import multiprocessing
import os
import random
import resource
import selectors
import signal
import socket
import sys
import time

# Seconds: no load of the machine takes so long.
PATIENCE = 60


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def echo(port):
    rng = random.Random(7)
    data = [rng.randbytes(3_000_000 if n == 0 else rng.randrange(1, 200_000)) for n in range(20)]
    select = selectors.DefaultSelector()
    for index in range(len(data)):
        sock = connect(port)
        sock.setblocking(False)
        select.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, [index, 0, bytearray()])
    deadline, total = time.monotonic() + PATIENCE, sum(map(len, data))
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
    """One client is kept alive for twice the time, the other is not. Returns how many bytes were echoed."""
    echoed, deadline = 0, time.monotonic() + PATIENCE
    while True:
        lived, signs = keep_alive(port, millis)
        echoed += signs
        if lived:
            return echoed
        assert time.monotonic() < deadline, "a busy client is closed"


def keep_alive(port, millis):
    """Whether it was: on a busy machine a client may be silent for too long. And how many signs of life it gave."""
    busy, quiet = connect(port), connect(port)
    last, signs = time.monotonic(), 0
    for _ in range(8):
        time.sleep(millis / 4000)
        now = time.monotonic()
        if not trip(busy):
            assert time.monotonic() - last >= millis / 2000, "a busy client is closed"
            return False, signs
        last, signs = now, signs + 1
    assert quiet.recv(9) == b""
    assert busy.recv(9) == b""
    # The server may have read its clock some time before it read the last byte.
    assert time.monotonic() - last >= millis / 2000, "closed early"
    return True, signs


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


def trip(sock, data=b"x"):
    """Whether the data comes back; False if the connection ends instead."""
    try:
        sock.sendall(data)
        got = b""
        while len(got) < len(data) and (chunk := sock.recv(len(data))):
            got += chunk
        return got == data
    except ConnectionError:
        return False


def urgent(port):
    with connect(port) as sock:
        assert trip(sock)
        sock.sendall(b"aaa")
        sock.send(b"!", socket.MSG_OOB)
        sock.sendall(b"cccc")
        got = b""
        while len(got) < 7:
            got += sock.recv(9)
        assert got == b"aaacccc", got


def survive(port):
    socks = [connect(port) for _ in range(4)]
    served = [trip(sock) for sock in socks]
    assert sum(served) >= 3 and served[-1], served


def stall(port, millis, pid):
    for _ in range(3):
        # On a busy machine some may be closed as idle already.
        socks = [sock for sock in [connect(port) for _ in range(200)] if trip(sock)]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(millis * 1.3 / 1000)
        for sock in socks:
            sock.sendall(b"y")
        os.kill(pid, signal.SIGCONT)
        # It may have found them idle, or not: what counts is that others are served.
        deadline = time.monotonic() + PATIENCE
        while not trip(connect(port)):
            assert time.monotonic() < deadline, "the service has ended"


def stuck(port, millis):
    deadline = time.monotonic() + PATIENCE
    with connect(port) as sock:
        sock.settimeout(millis / 8000)
        while time.monotonic() < deadline:
            try:
                sock.sendall(b"x")
                if not sock.recv(1):
                    return
            except TimeoutError:
                pass
            except ConnectionError:
                return
    raise AssertionError("a client without bytes is kept")


def pour(sock):
    """Sends without end."""
    data = bytes(1 << 18)
    try:
        while True:
            sock.send(data)
    except OSError:
        pass


def drain(sock, counter):
    """Reads to the end, and counts."""
    data = bytearray(1 << 18)
    try:
        while length := sock.recv_into(data):
            counter.value += length
    except OSError:
        pass


def flood(port, pid):
    """Time says little on a busy machine: the measure is how much is echoed to the others meanwhile. A server
    that is traced is slower than its clients, as under a real flood."""
    most = 4 << 20
    counters = [multiprocessing.Value("Q", 0, lock=False) for _ in range(2)]
    floods = []
    for counter in counters:
        sock = connect(port)
        floods.append(multiprocessing.Process(target=drain, args=(sock, counter)))
        floods.append(multiprocessing.Process(target=pour, args=(sock,)))
    for process in floods:
        process.start()
    sock = None
    while not all(counter.value > 1 << 16 for counter in counters):
        time.sleep(0.01)
    poured = lambda: sum(counter.value for counter in counters)
    shares = []
    with connect(port) as friend:
        for _ in range(20):
            before = poured()
            assert trip(friend), "the friend is not served"
            shares.append(poured() - before)
    # On a busy machine the friend waits for the processor now and then, but not each time.
    share = min(shares)
    assert share < most, f"{share} bytes are echoed to others for each answer to the friend"
    if pid:
        os.kill(pid, signal.SIGTERM)
    else:
        for process in floods:
            process.terminate()
    for process in floods:
        process.join(PATIENCE)
        assert process.exitcode is not None, "the service does not end while it is flooded"


if __name__ == "__main__":
    clients = {"echo": echo, "ending": ending, "idle": idle, "many": many}
    clients |= {"urgent": urgent, "survive": survive, "stall": stall}
    clients |= {"stuck": stuck, "flood": flood}
    answer = clients[sys.argv[1]](*map(int, sys.argv[2:]))
    if answer is not None:
        print(answer)
