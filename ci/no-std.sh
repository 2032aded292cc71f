#!/usr/bin/env bash
# Proves that services without std and without an allocator work: builds the two of ci/no-std, looks that
# they hold no allocator and nothing that unwinds, runs them against real clients, and guards their sizes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need nc=netcat-openbsd python3 nm=binutils strace

# Bytes of the stripped program. That of `bare` is a promise; that of `service` may be raised with a reason.
declare -A LARGEST=([bare]=8192 [service]=24064)
CONNECTIONS=10000

out=$root/target/no-std
cargo build --quiet --release --manifest-path ci/no-std/Cargo.toml --target-dir "$out"
client() { python3 -B ci/no-std/client.py "$@"; }

# -- What is in them ----------------------------------------------------------------------------------
UNWANTED='malloc|calloc|realloc|memalign|\bfree\b|mmap64|\bs?brk\b|__rust_|__rdl_|__rg_|[Uu]nwind|eh_personality|4core3fmt|panic_unwind'
symbols() { nm "$1" && nm -D "$1"; } 2>/dev/null
for name in bare service; do
    program=$out/release/$name
    # rust_begin_unwind is the name of every panic handler; these abort.
    symbols "$program" | grep -cw main >/dev/null || fail "$name: nm shows no symbols"
    if symbols "$program" | grep -vE 'rust_begin_unwind' | grep -E "$UNWANTED"; then
        fail "$name: unwanted symbols, see above"
    fi
    libraries=$(readelf -d "$program" | grep NEEDED | grep -oE '\[.*\]' | tr '\n' ' ')
    [ "$libraries" = "[libc.so.6] " ] || fail "$name is linked with $libraries"
    strip -s -o "$out/$name" "$program"
    size=$(stat -c %s "$out/$name")
    [ "$size" -le "${LARGEST[$name]}" ] || fail "$name: $size bytes, more than ${LARGEST[$name]}"
    echo "no-std: $name: $size bytes (at most ${LARGEST[$name]})"
done
# The search can find something: a program with std has what these have not.
echo 'fn main() { println!("{:?}", std::env::args().collect::<Vec<_>>()); }' | rustc -o "$out/with-std" -
for unwanted in malloc free __rust_ Unwind eh_personality 4core3fmt; do
    symbols "$out/with-std" | grep -E "$UNWANTED" | grep -c "$unwanted" >/dev/null || fail "$unwanted is not seen"
done

# -- What they do -------------------------------------------------------------------------------------
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true' EXIT

# start NAME [ARGUMENT...]: runs the program on a free port, by `launcher`; sets port and pid.
launcher=()
start() {
    local name=$1 try
    shift
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "${launcher[@]}" "$out/$name" "$port" "$@" >"$out/$name.log" &
    pid=$!
    for ((try = 0; try < 3000; try++)); do
        if nc -z 127.0.0.1 "$port"; then return; fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.02
    done
    fail "$name does not listen"
}

# stop SIGNAL STATUS: ends it so, and looks at its exit status.
stop() {
    local status=0
    kill -"$1" "$pid"
    wait "$pid" || status=$?
    [ "$status" = "$2" ] || fail "exit status $status after SIG$1"
    pid=
}

# talk: one line by netcat.
talk() { [ "$(echo hello | nc -N 127.0.0.1 "$port")" = hello ] || fail "netcat receives no echo"; }

start bare
talk
client echo "$port" >/dev/null
client urgent "$port"
talk
stop TERM 143 # it has no handler

start service 300
talk
echoed=$(client echo "$port")
for ((n = 0; n < 20; n++)); do # each is full buffers and the end: they may or may not come in one piece
    echoed=$((echoed + $(client ending "$port" 2560)))
done
echoed=$((echoed + $(client idle "$port" 300)))
client urgent "$port"
talk
stop TERM 0
echoed=$((echoed + 2 * 6 + 1 + 7)) # two talks and the urgent data
grep -qE "^served [0-9]+, echoed $echoed bytes\$" "$out/service.log" || fail "not $echoed: $(cat "$out/service.log")"
start service 60000
stop INT 0

start service 100
client stall "$port" 100 "$pid"
stop TERM 0
# Sockets that are reported as readable, or writable, and give or take nothing are idle.
for call in recvfrom sendto; do
    launcher=(strace -D -qq -o /dev/null -e "trace=$call" -e "inject=$call:error=EAGAIN")
    start service 300
    client stuck "$port" 300
    stop TERM 0
done
launcher=()
# The second signal, too, is received: it would act as the service ends.
start service 60000
kill -STOP "$pid"
kill -INT "$pid"
kill -TERM "$pid"
stop CONT 0
launcher=(strace -D -qq -o /dev/null -e "trace=read,write,sendto,recvfrom")
start bare
client flood "$port" 0
stop TERM 143
start service 60000
client flood "$port" "$pid"
wait "$pid" || fail "exit status $? after a flood and SIGTERM"

# A closed pipe as standard output, and one that is full and not read, hold nothing up.
mkfifo "$out/pipe"
for output in closed full; do
    exec 7<>"$out/pipe"
    [ "$output" = closed ] || dd if=/dev/zero of="$out/pipe" oflag=nonblock status=none 2>/dev/null || true
    launcher=(env -- bash -c "exec \"\$0\" \"\$@\" >'$out/pipe'")
    start service 60000
    [ "$output" = full ] || exec 7>&-
    talk
    stop TERM 0
    exec 7>&-
done
rm "$out/pipe"

# Each error of accept(2) that concerns a connection, or a shortage, costs that connection at most.
for errno in ECONNABORTED EPROTO ENETDOWN ENOPROTOOPT EHOSTDOWN ENONET EHOSTUNREACH EOPNOTSUPP ENETUNREACH EPERM \
    ETIMEDOUT EINTR EMFILE ENFILE ENOBUFS ENOMEM; do
    for name in bare service; do
        status=$([ "$name" = service ] && echo 0 || echo 143)
        launcher=(strace -D -qq -o /dev/null -e trace=accept4 -e "inject=accept4:error=$errno:when=2")
        start "$name" 60000
        client survive "$port" || fail "$name stops serving after $errno from accept"
        stop TERM "$status"
    done
done
# And so does an error of epoll_ctl: the third call of `service` is the first of a connection.
for errno in ENOMEM ENOSPC; do
    launcher=(strace -D -qq -o /dev/null -e trace=epoll_ctl -e "inject=epoll_ctl:error=$errno:when=4")
    start service 60000
    client survive "$port" || fail "service stops serving after $errno from epoll_ctl"
    stop TERM 0
done
launcher=()

start service 60000
read -r count before with <<<"$(client many "$port" "$CONNECTIONS" "$pid")"
talk
stop TERM 0
[ "$count" = "$CONNECTIONS" ] || echo "no-std: the descriptor limit is too low for $CONNECTIONS connections"
echo "no-std: service: $before KiB resident when idle, $with KiB with $count connections"
echo "no-std: no allocator, no unwinding, and both servers serve"
