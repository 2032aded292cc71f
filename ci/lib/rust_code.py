#!/usr/bin/env python3
"""Rust source with all that is no code blanked out: comments, strings, and what only tests compile.

As a program, prints the code under the given folders line by line, as `path:line:code`, for grep.
"""
import pathlib
import re
import sys

NO_CODE = re.compile(
    r"""/\* | //[^\n]* | b?r(?P<hashes>\#*)".*?"(?P=hashes) | [bc]?"(?:\\.|[^"\\])*" | b?'(?:\\[^\n]*?|[^\\'\n])'""",
    re.X | re.S,
)
TEST_ONLY = re.compile(r"#\[cfg\((?:test|all\(test\b[^\]]*\))\)\]")
ITEM = re.compile(
    r"\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?(?:unsafe\s+)?(mod|use|fn|impl|extern|const|static)\b\s*(\w*)"
)


def blank(text):
    """Spaces instead of `text`, so that everything after it keeps its line."""
    return re.sub(r"[^\n]", " ", text)


def end_of_comment(text, at):
    """Block comments nest."""
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(text, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def end_of_item(code, at):
    """Past the item's `;`, or past the brace that closes its body."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth < 0 or (depth == 0 and code[i] in ";}"):
            return i + 1
    return len(code)


def strip(text):
    """The code alone, and the names of the modules of this file that are files for tests only."""
    at, parts = 0, []
    while (found := NO_CODE.search(text, at)) is not None:
        end = end_of_comment(text, found.start()) if found.group() == "/*" else found.end()
        parts += [text[at : found.start()], blank(text[found.start() : end])]
        at = end
    code, test_modules = "".join(parts) + text[at:], []
    at = 0
    while (found := TEST_ONLY.search(code, at)) is not None:
        at = found.end()
        if (item := ITEM.match(code, at)) is not None:
            at = end_of_item(code, item.end())
            if item.group(1) == "mod" and "{" not in code[item.end() : at]:
                test_modules.append(item.group(2))
            code = code[: found.start()] + blank(code[found.start() : at]) + code[at:]
    return code, test_modules


def read(root, folders):
    """Every file under `root`'s folders, but those of tests: {path: code}."""
    files, tests = {}, []
    for path in sorted(p for folder in folders for p in (root / folder).rglob("*.rs")):
        code, modules = strip(path.read_text())
        files[path.relative_to(root).as_posix()] = code
        home = path.parent if path.stem in ("mod", "lib") else path.with_suffix("")
        tests += [(home / module).relative_to(root).as_posix() for module in modules]
    return {p: c for p, c in files.items() if not any(p == t + ".rs" or p.startswith(t + "/") for t in tests)}


if __name__ == "__main__":
    for path, code in read(pathlib.Path.cwd(), sys.argv[1:]).items():
        for number, line in enumerate(code.split("\n"), 1):
            if line.strip():
                print(f"{path}:{number}:{line}")
