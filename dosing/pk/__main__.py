"""`python -m dosing.pk solve|verify CASES.json`: answer cases, or compare with them."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from dosing.pk.cases import Case, Unread, naming, read_each
from dosing.pk.solving import Solution, as_json, solve
from dosing.pk.types import FitDidNotConverge
from dosing.pk.verification import table, verify

FAILED, UNREAD = 1, 2
"""Exit codes: no answer or one past a bar; a file or a person that cannot be read."""

ABOUT = """\
solve prints one JSON object per line and case: its answers, or its id and an error.
verify prints how far the answers are from those in the file, against agreed bars.
Exits 0 if all went well, 1 if a fit failed or is past a bar, 2 if something in the
file cannot be read; the other cases are answered all the same.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 1 for a failure or an error past a bar, 2 for a file.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    asked = parser().parse_args(arguments)
    try:
        cases = read_each(asked.cases)[: asked.first]
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return UNREAD
    with np.errstate(all="ignore"):
        return COMMANDS[asked.command](cases)


def parser() -> argparse.ArgumentParser:
    """Return what the command line understands."""
    found = argparse.ArgumentParser(
        prog="python -m dosing.pk",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("command", choices=sorted(COMMANDS))
    found.add_argument("cases", type=Path, help="a file of reference cases")
    found.add_argument("--first", type=some, help="only so many cases of the file")
    return found


def some(text: str) -> int:
    """Read a number of cases, at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of cases from 1")
    return int(text)


def solve_each(cases: Iterable[Case | Unread]) -> int:
    """Print one line of JSON for each case; a failure is a line with its reason."""
    code = 0
    for case in cases:
        worse, answer = answered(case)
        code = max(code, worse)
        sys.stdout.write(f"{answer}\n")
    return code


def answered(case: Case | Unread) -> tuple[int, str]:
    """Return the exit code that a case calls for, and its line."""
    found = solved(case)
    if isinstance(found, Solution):
        try:
            with naming(case.id):
                return 0, line_of(found)
        except FitDidNotConverge as problem:
            found = f"{case.id}: {problem}"
        except ValueError as problem:
            found = Unread(case.id, str(problem))
    if isinstance(found, str):
        return FAILED, json.dumps({"id": case.id, "error": found})
    return UNREAD, json.dumps({"id": case.id, "error": found.reason})


def line_of(solution: Solution) -> str:
    """Return the answers of a case as one line of JSON."""
    answers = as_json(solution)
    try:
        return json.dumps(answers, allow_nan=False)
    except ValueError as problem:
        raise ValueError("an answer is no finite number") from problem


def verify_all(cases: Iterable[Case | Unread]) -> int:
    """Print the comparison of all cases, and return the exit code."""
    comparison = verify(solved(case) for case in cases)
    sys.stdout.write(table(comparison) + "\n")
    if comparison.unread:
        return UNREAD
    return 0 if comparison.passed else FAILED


def solved(case: Case | Unread) -> Solution | Unread | str:
    """Return the solution of a case, or why there is none."""
    if isinstance(case, Unread):
        return case
    try:
        with naming(case.id):
            return solve(case)
    except FitDidNotConverge as problem:
        return f"{case.id}: {problem}"
    except ValueError as problem:
        return Unread(case.id, str(problem))


COMMANDS = {"solve": solve_each, "verify": verify_all}


if __name__ == "__main__":
    sys.exit(main())
