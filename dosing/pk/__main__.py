"""`python -m dosing.pk solve|verify CASES.json`: answer cases, or compare with them."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from dosing.pk.cases import Case, read
from dosing.pk.solving import Solution, as_json, solve
from dosing.pk.types import FitDidNotConverge
from dosing.pk.verification import table, verify


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 1 for a failure or an error past a bar, 2 for a file.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    asked = parser().parse_args(arguments)
    try:
        cases = read(asked.cases)[: asked.first]
        return COMMANDS[asked.command](cases)
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2


def parser() -> argparse.ArgumentParser:
    """Return what the command line understands."""
    found = argparse.ArgumentParser(prog="python -m dosing.pk", description=__doc__)
    found.add_argument("command", choices=sorted(COMMANDS))
    found.add_argument("cases", type=Path, help="a file of reference cases")
    found.add_argument("--first", type=int, help="only so many cases of the file")
    return found


def solve_each(cases: Iterable[Case]) -> int:
    """Print one line of JSON for each case; a failure is a line with its reason."""
    failed = 0
    for case in cases:
        found = solved(case)
        if isinstance(found, str):
            failed = 1
            answer = {"id": case.id, "error": found}
        else:
            answer = dict(as_json(found))
        sys.stdout.write(json.dumps(answer, allow_nan=False) + "\n")
    return failed


def verify_all(cases: Iterable[Case]) -> int:
    """Print the comparison of all cases; 1 where something is past its bar."""
    comparison = verify(solved(case) for case in cases)
    sys.stdout.write(table(comparison) + "\n")
    return 0 if comparison.passed else 1


def solved(case: Case) -> Solution | str:
    """Return the solution of a case, or why there is none."""
    try:
        return solve(case)
    except (FitDidNotConverge, ValueError) as problem:
        return f"{case.id}: {problem}"


COMMANDS = {"solve": solve_each, "verify": verify_all}


if __name__ == "__main__":
    sys.exit(main())
