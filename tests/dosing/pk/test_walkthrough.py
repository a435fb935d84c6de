"""The walkthrough in docs/pk.md runs as it is printed."""

import re
from doctest import DocTestParser, DocTestRunner
from pathlib import Path

WALKTHROUGH = Path(__file__).parents[3] / "docs" / "pk.md"
FENCE = re.compile(r"^```.*$", re.MULTILINE)


def test_the_walkthrough_gives_the_answers_it_shows() -> None:
    said: list[str] = []
    text = FENCE.sub("", WALKTHROUGH.read_text(encoding="utf-8"))
    examples = DocTestParser().get_doctest(text, {}, WALKTHROUGH.name, None, 0)

    found = DocTestRunner().run(examples, out=said.append)

    assert found.failed == 0, "".join(said)
    assert found.attempted == text.count("\n>>> ")
