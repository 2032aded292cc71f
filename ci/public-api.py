#!/usr/bin/env python3
"""Checks that no type of another crate but core, alloc and std is part of the public interface, so that a new
major version of a dependency is not one of this crate. Reads rustdoc's JSON, which it has the compiler make.

With --list, prints the public items, to compare two commits with diff.
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FEATURES = "std,log,embedded-io"
OWN = {"mio_st", "core", "alloc", "std"}
# What a feature is for.
WANTED = {"embedded_io": "the feature of that name implements its Error"}


def rustdoc_json():
    """The crate's documentation as a value."""
    command = ["cargo", "rustdoc", "--quiet", "--lib", "--features", FEATURES, "--",
               "-Zunstable-options", "--output-format", "json"]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "RUSTC_BOOTSTRAP": "1"})
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return json.loads((target / "doc/mio_st.json").read_text())


def names(value):
    """The ids of the types and traits that a signature names."""
    if isinstance(value, dict):
        # A path: {"path": ..., "id": ..., "args": ...}.
        if isinstance(value.get("id"), int) and "path" in value:
            yield value["id"]
        for inner in value.values():
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def foreign(crate):
    """(what names it, the name) for each type of another crate."""
    for item in crate["index"].values():
        # The source of a re-export and what an impl provides for all types are not ours to choose.
        kind, inner = next(iter(item["inner"].items()))
        if item["crate_id"] != 0 or kind == "use" or (kind == "impl" and inner.get("blanket_impl")):
            continue
        if kind == "impl" and inner.get("is_synthetic"):
            continue
        for found in names(inner):
            path = crate["paths"].get(str(found))
            if path is None or path["crate_id"] == 0:
                continue
            owner = crate["external_crates"][str(path["crate_id"])]["name"]
            if owner not in OWN and owner not in WANTED:
                yield where(item), "::".join(path["path"])


def where(item):
    span = item["span"]
    return f"{span['filename']}:{span['begin'][0]}" if span else item["name"]


def main():
    crate = rustdoc_json()
    if "--list" in sys.argv:
        paths = [path for path in crate["paths"].values() if path["crate_id"] == 0]
        print("\n".join(sorted(f"{'::'.join(path['path'])} ({path['kind']})" for path in paths)))
        return
    assert len(crate["index"]) > 1000 and crate["external_crates"], "rustdoc's JSON has another form"
    assert any(owner["name"] == "core" for owner in crate["external_crates"].values())
    faults = sorted(set(foreign(crate)))
    for place, name in faults:
        print(f"{place}: {name}")
    if faults:
        sys.exit("public-api: the types above are of other crates")
    print("public-api: every type is of this crate or of the standard library")


main()
