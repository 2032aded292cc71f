#!/usr/bin/env python3
"""Checks what a user of the library builds with it: the licences that deny.toml allows, one version of each crate, and
no source but the registry. It is the part of `cargo deny check licenses bans sources` that needs no installation.
"""
import json
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = "mio-st"


def metadata():
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--all-features"]
    return json.loads(subprocess.run(command, check=True, cwd=ROOT, capture_output=True).stdout)


def built(data):
    """The packages that the library needs, without those of its tests."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    packages = {package["id"]: package for package in data["packages"]}
    seen, waiting = set(), [id for id, package in packages.items() if package["name"] == PACKAGE]
    while waiting:
        id = waiting.pop()
        if id not in seen:
            seen.add(id)
            waiting += [dep["pkg"] for dep in nodes[id]["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])]
    return [packages[id] for id in seen]


def allows(expression, allowed):
    """Whether one side of each "AND" is allowed: `MIT OR Apache-2.0`, and the old `MIT/Apache-2.0`."""
    terms = expression.replace("/", " OR ").replace("(", "").replace(")", "").split(" AND ")
    return all(any(name.strip() in allowed for name in term.split(" OR ")) for term in terms)


def faults(packages, allowed):
    names = [package["name"] for package in packages]
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if not allows(package["license"] or "", allowed):
            yield f"{name}: the licence {package['license']}"
        if names.count(package["name"]) > 1:
            yield f"{name}: more than one version of it"
        source = package["source"]
        if source and not source.startswith("registry+"):
            yield f"{name}: from {source}"


def main():
    assert allows("MIT OR X", {"MIT"}) and allows("(MIT OR X) AND MIT", {"MIT"}) and not allows("MIT AND X", {"MIT"})
    allowed = set(tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]["allow"])
    packages = built(metadata())
    found = sorted(faults(packages, allowed))
    print("\n".join(found), end="\n" if found else "")
    if found:
        sys.exit("dependencies: see deny.toml for what is allowed")
    print(f"dependencies: {len(packages) - 1} crates, of allowed licences, each in one version, from the registry")


main()
