#!/usr/bin/env python3
"""Makes one table of several runs' tables: ci/figures.py [--write] RUN... Each RUN is a file that ci/table.sh has printed.

Without --write, prints each table with the median of the runs in each cell, and how far the runs lie apart: "1.02 ±0.01"
is a median of 1.02, and 0.02 from the lowest to the highest. With --write, puts the headline figures into README.md.
--self-test shows on small examples that it computes what it must.
"""
import pathlib
import re
import statistics
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

# The rows of README's table: its text, the title of the table of ci/table.sh, and the row there.
HEADLINE = [
    ("a poll, 1 of 256 sources ready", "poll: time", "1 of 256 ready"),
    ("the same, with a timeout", "poll: time", "1 of 256 ready, a timeout given"),
    ("a user event, then a poll", "user events: time", "one, then poll"),
    ("push back one of 10,000 timers, then a poll", "10,000 deadlines: time", "push one back, idle poll"),
    ("TCP echo, 64 connections, processor time", "TCP echo, 64 bytes: the server's processor time per request",
     "64 connections"),
]
PEERS = ["raw", "mio-st", "mio", "polling", "calloop", "libev", "libevent", "libuv"]
OWN = "mio-st"
# A column that stands for another: the first has no timers at all.
ALIASES = {"raw": "raw, none"}
NOTES = {("push back one of 10,000 timers, then a poll", "raw"): " (no timers)"}
BEGIN, END = "<!-- figures: ci/figures.py --write -->\n", "<!-- end of the figures -->\n"


def tables(text):
    """{title: {row: {column: cell}}} of Markdown."""
    found, title, columns = {}, None, None
    for line in text.splitlines():
        if line.startswith("### "):
            title, columns = line[4:].strip(), None
        elif line.startswith("|") and title:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if columns is None:
                columns = cells[1:]
                found[title] = {}
            elif not set(line) <= set("|-: "):
                found[title][cells[0]] = dict(zip(columns, cells[1:]))
    return found


def merge_cell(cells):
    """The cells of several runs as one: each number is a median, with half of the distance between the extremes."""
    numbers = [[float(number.replace(",", "")) for number in NUMBER.findall(cell)] for cell in cells]
    if not numbers[0] or len({len(run) for run in numbers}) > 1:
        return cells[0]
    position = iter(range(len(numbers[0])))

    def merged(match):
        at = next(position)
        run = [values[at] for values in numbers]
        digits = len(match.group().partition(".")[2])
        spread = (max(run) - min(run)) / 2
        text = f"{statistics.median(run):,.{digits}f}"
        return f"{text} ±{spread:,.{digits}f}" if round(spread, digits) > 0 else text

    return NUMBER.sub(merged, cells[0])


def merge(runs):
    return {title: {row: {column: merge_cell([run[title][row][column] for run in runs]) for column in cells}
                    for row, cells in rows.items()}
            for title, rows in runs[0].items() if all(title in run for run in runs)}


def show(title, rows):
    columns = list(dict.fromkeys(column for cells in rows.values() for column in cells))
    lines = [f"### {title}", "", f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    lines += [f"| {row} | {' | '.join(cells.get(column, '') for column in columns)} |" for row, cells in rows.items()]
    return "\n".join(lines) + "\n"


def headline(merged):
    lines = [f"| | {' | '.join(PEERS)} |", f"|---|{'---:|' * len(PEERS)}"]
    for text, title, row in HEADLINE:
        cells = merged[title][row]
        line = []
        for peer in PEERS:
            cell = cells.get(peer) or cells.get(ALIASES.get(peer), "")
            cell += NOTES.get((text, peer), "")
            line.append(f"**{cell}**" if peer == OWN else cell)
        lines.append(f"| {text} | {' | '.join(line)} |")
    return "\n".join(lines) + "\n"


def origin(text, runs):
    """The sentence below the table; the machine is the first line that ci/table.sh prints."""
    machine = text.splitlines()[0].strip()
    machine = re.sub(r"(Linux \d+\.\d+)[^ ,]*|(?<=rustc )([\d.]+).*", lambda found: found.group(1) or found.group(2), machine)
    return textwrap.fill(f"Medians of {runs} runs of `ci/headline.sh`; ± is half of the distance between the lowest and the "
                         f"highest. {machine}.", 100) + "\n"


def write(readme, table):
    """The README with another table between the two marks."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table}{END}{after}"


def self_test():
    run = "### poll: time\n\n| | raw | mio-st |\n|---|---:|---:|\n| 1 of 2 | {} ns | {} |\n"
    runs = [tables(run.format(*cells)) for cells in [("1,000.5", "0.98"), ("990.5", "1.00"), ("1,010.5", "0.99")]]
    assert runs[0] == {"poll: time": {"1 of 2": {"raw": "1,000.5 ns", "mio-st": "0.98"}}}
    assert merge(runs) == {"poll: time": {"1 of 2": {"raw": "1,000.5 ±10.0 ns", "mio-st": "0.99 ±0.01"}}}
    assert merge_cell(["69 / 85", "71 / 95", "70 / 90"]) == "70 ±1 / 90 ±5"
    assert merge_cell(["1.00", "1.00", "1.00"]) == "1.00" and merge_cell(["", "", ""]) == ""
    assert merge_cell(["< 0.01", "< 0.01"]) == "< 0.01"
    sentence = origin("AMD EPYC, 2 processors, Linux 6.18.44-x, rustc 1.95.0 (59807616e 2026-04-14)\n", 3)
    assert sentence.endswith("\nAMD EPYC, 2 processors, Linux 6.18, rustc 1.95.0.\n"), sentence
    assert write(f"a\n{BEGIN}old\n{END}b\n", "new\n") == f"a\n{BEGIN}new\n{END}b\n"
    print("figures: computes what it must")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    files = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    merged = merge([tables(pathlib.Path(file).read_text()) for file in files])
    if "--write" in sys.argv:
        path = ROOT / "README.md"
        below = origin(pathlib.Path(files[0]).read_text(), len(files))
        path.write_text(write(path.read_text(), f"{headline(merged)}\n{below}"))
    else:
        print(f"The medians of {len(files)} runs.\n")
        print("\n".join(show(title, rows) for title, rows in merged.items()), end="")


main()
