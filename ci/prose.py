#!/usr/bin/env python3
"""Checks the prose of the documentation by rules that a script can check. Prints each line that breaks one.

The rules, for README, CHANGELOG and the other pages, and for the comments of src/, std-adapter/ and examples/:

1. "who" and "whoever" are not subjects: write "callers that", or "use X if you".
2. A list of words that are no technical English, or metaphors for terms that exist.
3. The documentation of a function begins with a verb: "Returns the index".
4. Comments end before column 101, as rustfmt's code does. Tables, links, drawings and examples are exempt.

With --self-test, shows on small examples that each rule rejects what it must and nothing else.
"""
import pathlib
import re
import sys

PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "benches/README.md",
         "examples/README.md", "src/guide/*.md"]
CODE = ["src", "std-adapter", "examples"]
WIDTH = 100

WHO = re.compile(r"(?<![\w-])(?:[Ww]ho|[Ww]hoever|[Ww]hom|[Ww]homever)(?![\w-])")
WORDS = re.compile(
    r"\b(?:lest|nonetheless|in vain|empty-handed|full house|its fellows|shall|"
    r"glances?|pardons?|lies in|lie in|gives? back|puts? right|nobody (?:is|has|can|hears|reads)|"
    r"in hand|the contrary|a thing of)\b"
    # "The system's." and "As there." want a noun.
    r"|\b[Tt]he system's(?=[.,:;])|\b[Aa]s there\.")
# A verb in the third person; a word that looks like one and is none is listed.
VERB = re.compile(r"[A-Z][a-z]+(?:s|es)\b")
OTHER_VERBS = {"See"}  # of thin wrappers: "See [the core]"
NO_VERB = {"Its", "This", "As", "Is", "Has", "Was", "Plus", "Yes", "Always", "Events", "Bytes", "Less", "Us"}
FUNCTION = re.compile(r"\s*(?:pub(?:\([a-z]+\))? )?(?:const )?(?:unsafe )?(?:extern \"C\" )?fn ")
PUBLIC = re.compile(r"\s*pub ")


def width_matters(text):
    return not (re.search(r"https?://|\]\(|^\s*//[/!]? ?\||[─│┌└▲►╱╲]", text) or text.lstrip().startswith("|"))


def prose_faults(text):
    """The faults of one line of prose."""
    bare = re.sub(r"`[^`]*`", "", text)
    if found := WHO.search(bare):
        yield f'"{found.group()}" as a subject'
    if found := WORDS.search(bare):
        yield f'"{found.group()}"'


def is_verb(word):
    return word in OTHER_VERBS or bool(VERB.fullmatch(word)) and word not in NO_VERB


def code_faults(lines, public_only=True):
    """(line number, fault) of the comments of a Rust file."""
    doc = None  # the first line of the doc comment that is being read
    fence = False  # within an example
    for number, line in enumerate(lines, 1):
        comment = re.search(r"(?:^|\s)(//[/!]?)(?: (.*))?$", line)
        text = (comment.group(2) or "") if comment else ""
        fence = bool(comment) and fence != text.startswith("```")
        if comment and not fence:
            for fault in prose_faults(comment.group(2) or ""):
                yield number, fault
            if len(line) > WIDTH and width_matters(comment.group(2) or ""):
                yield number, f"{len(line)} columns"
        stripped = line.strip()
        if stripped.startswith("///"):
            doc = doc or (number, stripped[3:].strip())
        elif FUNCTION.match(line):
            if doc and doc[1] and (PUBLIC.match(line) or not public_only):
                word = re.split(r"[\s,.:;]", doc[1], maxsplit=1)[0]
                if not is_verb(word):
                    yield doc[0], f'the documentation of a function begins with "{word}" and not with a verb'
            doc = None
        elif not stripped.startswith("#[") and stripped != "" or stripped == "":
            doc = None if not stripped.startswith("#[") else doc


def page_faults(lines):
    code = False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            code = not code
        elif not code:
            for fault in prose_faults(line):
                yield number, fault


def self_test():
    def faults(text):
        return [fault for _, fault in code_faults(text.split("\n"))]

    bad = ["// Who waits, waits.", "/// The system's, see x(2).", "/// As there.", "/// As before, lest it ends.", "/// The number.\npub fn f() {}",
           "/// Its length.\n#[inline]\npub fn f() {}", "// " + "x" * 100]
    good = ["// those that wait", "/// Returns it.\npub fn f() {}", "/// The number.\npub struct S;",
            "/// Adds one.\n#[inline]\npub const fn f() {}", "// `who` is a command", "// | " + "x" * 100,
            "/// ```\n/// " + "x" * 100 + "\n/// ```"]
    for text in bad:
        assert len(faults(text)) == 1, (text, faults(text))
    for text in good:
        assert faults(text) == [], (text, faults(text))
    assert len(list(page_faults(["whoever comes", "```", "who", "```"]))) == 1
    print(f"prose: rejects {len(bad) + 1} bad lines, accepts {len(good)} good ones")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    if "--self-test" in sys.argv:
        return self_test()
    faults = 0
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            for number, fault in page_faults(path.read_text().split("\n")):
                print(f"{path.relative_to(root)}:{number}: {fault}")
                faults += 1
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.rs")):
            for number, fault in code_faults(path.read_text().split("\n")):
                print(f"{path.relative_to(root)}:{number}: {fault}")
                faults += 1
    if faults:
        sys.exit(f"prose: {faults} lines break a rule: see the top of ci/prose.py")
    print("prose: every rule is kept")


main()
