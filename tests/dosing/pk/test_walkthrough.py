"""The walkthrough in docs/pk.md and every example run as they are printed."""

import re
from doctest import DocTestFinder, DocTestParser, DocTestRunner
from importlib import import_module
from inspect import getdoc, isfunction
from pathlib import Path
from pkgutil import iter_modules

import pytest

from dosing import pk

WALKTHROUGH = Path(__file__).parents[3] / "docs" / "pk.md"
MODULES = [each.name for each in iter_modules(pk.__path__) if each.name[0] != "_"]
FENCE = re.compile(r"^```.*$", re.MULTILINE)


def test_the_walkthrough_gives_the_answers_it_shows() -> None:
    said: list[str] = []
    text = FENCE.sub("", WALKTHROUGH.read_text(encoding="utf-8"))
    examples = DocTestParser().get_doctest(text, {}, WALKTHROUGH.name, None, 0)

    found = DocTestRunner().run(examples, out=said.append)

    assert found.failed == 0, "".join(said)
    assert found.attempted == text.count("\n>>> ")


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_the_answers_they_show(name: str) -> None:
    said: list[str] = []
    runner = DocTestRunner()

    for examples in DocTestFinder().find(import_module(f"{pk.__name__}.{name}")):
        runner.run(examples, out=said.append)

    assert runner.summarize(verbose=False).failed == 0, "".join(said)


@pytest.mark.parametrize("name", pk.__all__)
def test_every_function_of_the_front_door_shows_an_example(name: str) -> None:
    thing = getattr(pk, name)

    assert not isfunction(thing) or ">>>" in str(getdoc(thing))
