#!/usr/bin/env python3
"""Rejects a path that points upward between the layers of the crate: a module (a file or folder of src/,
or std-adapter/) may name only modules in the layers below it. Tests and comments may name what they like.

With --self-test, shows on small examples that it rejects what it must and nothing else.
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import rust_code  # noqa: E402

# From the bottom to the top; modules on one line do not use each other, except as said here.
LAYERS = """
trace
error
id ready interests time
subscription
slab
ready_queue wheel sys
events
poller
source
unix
socket
std_adapter
guide
"""
SIBLINGS = {("interests", "ready")}  # an interest is the wish for a readiness

LEVEL = {module: level for level, line in enumerate(LAYERS.split("\n")) for module in line.split()}
TOKEN = re.compile(r"(?:\w|r#)+|::|[^\s\w]")


def module_of(path):
    """["wheel", "leaves"] for src/wheel/leaves.rs; ["std_adapter"] for std-adapter/mod.rs; [] for lib.rs."""
    parts = list(pathlib.PurePosixPath(path).with_suffix("").parts)
    parts[0:1] = ["std_adapter"] if parts[0] == "std-adapter" else []
    return parts[:-1] if parts[-1] in ("mod", "lib") else parts


def tree(tokens, at):
    """The paths of the use tree (or plain path) that begins at `at`: `a::{b, c::d}` is a::b and a::c::d."""
    if at < len(tokens) and tokens[at][0] == "{":
        paths, at = [], at + 1
        while at < len(tokens) and tokens[at][0] != "}":
            more, at = tree(tokens, at)
            paths += more
            while at < len(tokens) and tokens[at][0] not in ",}":  # `as name`
                at += 1
            at += at < len(tokens) and tokens[at][0] == ","
        return paths, at + 1
    if at + 1 < len(tokens) and tokens[at + 1][0] == "::":
        rest, end = tree(tokens, at + 2)
        return [[tokens[at][0], *path] for path in rest], end
    return [[tokens[at][0]]], at + 1


def paths_in(code, module):
    """Each path of `code` that begins with crate, self or super, from the crate's root on:
    (line, the inline modules it stands in, path)."""
    tokens = [(t.group(), code.count("\n", 0, t.start()) + 1) for t in TOKEN.finditer(code)]
    depth, inline = 0, []
    for at, (token, line) in enumerate(tokens):
        if token == "{":
            depth += 1
            if at > 1 and tokens[at - 2][0] == "mod":
                inline.append((depth, tokens[at - 1][0]))
        elif token == "}":
            if inline and inline[-1][0] == depth:
                inline.pop()
            depth -= 1
        follows = tokens[at + 1][0] if at + 1 < len(tokens) else ""
        if token in ("crate", "self", "super") and follows == "::" and (at == 0 or tokens[at - 1][0] != "::"):
            names = [name for _, name in inline]
            for path in tree(tokens, at)[0]:
                here = [] if token == "crate" else module + names
                while path and path[0] in ("crate", "self", "super"):
                    here = here[:-1] if path[0] == "super" else here
                    path = path[1:]
                yield line, names, here + path


def exports(lib):
    """What lib.rs names anew: {("event", "Events"): ["events", "Events"]}."""
    return {(*names, path[-1]): path for _, names, path in paths_in(lib, []) if path}


def module_at(path, exported):
    """The module that a path from the crate's root leads to, through lib.rs if need be."""
    for end in range(len(path), 0, -1):
        target = exported.get(tuple(path[:end]))
        if target is not None and target[0] in LEVEL:
            return target[0]
    return path[0] if path and path[0] in LEVEL else None


def may_use(user, used):
    return user == used or LEVEL[used] < LEVEL[user] or (user, used) in SIBLINGS


def violations(files):
    lib = files.get("src/lib.rs", "")
    modules = [module for module in re.findall(r"\bmod\s+(\w+)\s*;", lib) if module in LEVEL]
    for below, above in zip(modules, modules[1:]):
        if LEVEL[above] < LEVEL[below]:
            yield f"src/lib.rs: `mod {above}` stands after `mod {below}`, which lies above it"
    exported = exports(lib)
    for file, code in files.items():
        module = module_of(file)
        if not module:
            continue
        if module[0] not in LEVEL:
            yield f"{file}: `{module[0]}` is no module yet: give it its place in the list of this script"
            continue
        for line, _, path in paths_in(code, module):
            used, name = module_at(path, exported), "::".join(path)
            if used is None:
                yield f"{file}:{line}: `crate::{name}` leads to no module: name the one that defines it"
            elif not may_use(module[0], used):
                yield f"{file}:{line}: `{module[0]}` may not use `{used}`, which lies above or beside it: `crate::{name}`"


LIB = "pub use crate::error::{Error, Result};\npub mod event { pub use crate::events::Events; }\npub use crate::poller::*;"
LEGAL = [
    ("src/lib.rs", "mod error;\nmod id;\nmod ready;\npub mod slab;\n#[cfg(unix)]\npub(crate) mod sys;"),
    ("src/wheel/mod.rs", "use crate::slab::Slab;"),
    ("src/wheel/leaves.rs", "use super::super::{error::{Error, Result as R}, slab}; use super::other;"),
    ("src/wheel/leaves.rs", "mod inner { use super::super::levels; fn f() -> super::super::super::error::Error {} }"),
    ("src/slab.rs", "/// [`x`](crate::poller::Poller)\nfn f() {} // crate::unix\n/* crate::unix /* */ crate::unix */"),
    ("src/slab.rs", '#[cfg(test)]\nmod tests { use crate::poller::Poller; fn f() { "}"; \'}\'; } }\npub(crate) struct S;'),
    ("src/slab.rs", "#[cfg(test)]\nextern crate std;\n#[cfg(all(test, unix))]\nuse crate::unix::W;\nconst S: &str = \"crate::unix\";"),
    ("src/interests.rs", "use crate::ready::Ready; fn f(&self) { self.crate_(); Self::g() }"),
    ("src/slab.rs", "use crate::{Error, Result};"),
    ("src/poller/mod.rs", "use crate::event::Events;"),
    ("std-adapter/net/tcp.rs", "use crate::poller::Poller; use super::udp; use crate::std_adapter::error;"),
]
ILLEGAL = [
    ("src/slab.rs", "use crate::wheel::TimerWheel;"),
    ("src/slab.rs", "fn f(r: &crate::poller::Registry) {}"),
    ("src/slab.rs", "use crate::{error::Error, events::{Event, Events}};"),
    ("src/slab.rs", "use super::sys;"),
    ("src/slab.rs", "use self::super::sys;"),
    ("src/wheel/leaves.rs", "use super::super::sys::Clock;"),
    ("src/wheel/leaves.rs", "use super::{super::sys, other};"),
    ("src/wheel/leaves.rs", "mod inner { use super::super::super::sys; }"),
    ("src/ready.rs", "use crate::interests::Interests;"),
    ("src/id.rs", "use crate::ready::Ready;"),
    ("src/slab.rs", "use crate::event::Events;"),
    ("src/slab.rs", "use crate::Poller;"),
    ("src/slab.rs", "use crate::*;"),
    ("src/slab.rs", "#[cfg(test)]\nmod tests {}\nuse crate::unix::Waker;"),
    ("src/slab.rs", "const Q: char = '\"'; use crate::unix::Waker; const R: char = '\"';"),
    ("src/slab.rs", "fn f<'a>(x: &'a u8) -> Box<'a> { crate::unix::g(x) }"),
    ("src/unix/mod.rs", "use crate::std_adapter::net;"),
    ("src/utils.rs", ""),
    ("src/lib.rs", "mod error;\nmod slab;\n\nmod ready;"),
]


def self_test():
    for expected, examples in ((False, LEGAL), (True, ILLEGAL)):
        for file, text in examples:
            found = list(violations({"src/lib.rs": LIB, file: rust_code.strip(text)[0]}))
            if bool(found) != expected:
                sys.exit(f"layers: self-test: {file}: {text!r}: {found or 'not rejected'}")
    print(f"layers: rejects {len(ILLEGAL)} upward uses, accepts {len(LEGAL)} legal ones")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
        found = list(violations(rust_code.read(root, ["src", "std-adapter"])))
        print("\n".join(found) or "layers: no use points upward")
        sys.exit(1 if found else 0)
