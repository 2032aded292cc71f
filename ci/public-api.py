#!/usr/bin/env python3
"""Checks the public interface, as rustdoc's JSON has it:

* It is the one in ci/public-api.txt, a line for each item. With --write, writes that file: what a commit changes
  for users is then in its diff. A line that goes needs a new version, and an entry in CHANGELOG.md.
* No type of another crate but core, alloc and std is part of it, so that a new major version of a dependency is not
  one of this crate.
"""
import difflib
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from public_items import public_items

ROOT = pathlib.Path(__file__).resolve().parent.parent
FEATURES = "std,log,embedded-io"
OWN = {"mio_st", "core", "alloc", "std"}
LIST = ROOT / "ci/public-api.txt"
# Of rustdoc's JSON, which is not stable.
FORMATS = [57]
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
    if crate["format_version"] not in FORMATS:
        print(f"public-api: not checked: rustdoc's JSON has version {crate['format_version']}, this script knows {FORMATS}")
        return
    assert len(crate["index"]) > 1000 and crate["external_crates"], "rustdoc's JSON has another form"
    assert any(owner["name"] == "core" for owner in crate["external_crates"].values())
    faults = sorted(set(foreign(crate)))
    for place, name in faults:
        print(f"{place}: {name}")
    if faults:
        sys.exit("public-api: the types above are of other crates")
    items = public_items(crate)
    assert len(items) > 1000, "rustdoc's JSON has another form"
    if "--write" in sys.argv:
        LIST.write_text("\n".join(items) + "\n")
    changes = list(difflib.unified_diff(LIST.read_text().splitlines(), items, "ci/public-api.txt", "this tree", "", "", 0, ""))
    print("\n".join(changes))
    if changes:
        sys.exit("public-api: the interface has changed as above; if on purpose: ci/public-api.py --write")
    print(f"public-api: {len(items)} items, as in ci/public-api.txt, and every type is ours or the standard library's")


main()
