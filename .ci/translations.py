"""Collect what the pages say and compile its Japanese; no gettext program is needed.

Alone it writes django.po and django.mo. With `--check` it writes nothing and fails
where a sentence has no Japanese or the catalogue is not what the pages say.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation import templatize

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("dosing", "patients", "tdm")
SENTENCES = (
    "dosing/policy/",
    "dosing/forecast/",
    "dosing/units.py",
    "dosing/advice.py",
    "tdm/worklist/",
)
"""Modules whose English templates are translated by dosing.words.say()."""

NAMES = (
    "dosing/policy/sources.py",
    "dosing/forecast/names.py",
    "patients/sources.py",
)
"""Modules whose every constant is shown to people."""

CATALOGUE = ROOT / "tdm" / "locale" / "ja" / "LC_MESSAGES" / "django.po"
HEADER = {
    "Language": "ja",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}

MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
LITERAL = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
MARKED = re.compile(
    rf"(?<!\w)(?:_|n?gettext)\(u?{LITERAL}(?:, ?u?{LITERAL}, ?count)?\)"
)
SENTENCE = re.compile(r"[A-Z].*[.?]|.*%\(.*", re.DOTALL)

Message = tuple[str, ...]
"""A sentence, or its singular and plural."""


def collected() -> list[Message]:
    """Return every message of the project once, in order of file and line."""
    found = [*in_python(), *in_templates()]
    with_plural = {message[0] for message in found if len(message) > 1}
    return [m for m in dict.fromkeys(found) if len(m) > 1 or m[0] not in with_plural]


def in_python() -> Iterator[Message]:
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        yield from marked(tree)
        if path.relative_to(ROOT).as_posix() in NAMES:
            yield from ((text,) for text in texts(undocumented(tree)))
        if path.relative_to(ROOT).as_posix().startswith(SENTENCES):
            yield from ((text,) for text in sentences(tree))


def in_templates() -> Iterator[Message]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        calls = MARKED.findall(templatize(path.read_text("utf-8")))
        yield from marked(ast.parse("\n".join(calls)))


def marked(tree: ast.Module) -> Iterator[Message]:
    """Find gettext's calls; `_("one")` is a message, `_(variable)` is not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            message = tuple(texts(node.args[:2]))
            if node.func.id in MARKS and message:
                yield message


def sentences(tree: ast.Module) -> Iterator[str]:
    """Find what is said: every Sentence, and whole ones wherever they are kept."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from texts(node.args[:1] if node.func.id == "Sentence" else [])
    yield from (text for text in texts(undocumented(tree)) if SENTENCE.fullmatch(text))


def undocumented(tree: ast.Module) -> Iterator[ast.AST]:
    """Leave out the docstrings."""
    docstrings = {n.value for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    return (n for n in ast.walk(tree) if n not in docstrings)


def texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def catalogue(known: polib.POFile) -> polib.POFile:
    """Return the present messages with the Japanese already known."""
    fresh = polib.POFile(wrapwidth=88)
    fresh.metadata = HEADER
    for text, *plural in collected():
        old = known.find(text)
        entry = polib.POEntry(msgid=text, flags=["python-format"] * ("%(" in text))
        entry.msgstr = old.msgstr if old and not plural else ""
        if plural:
            entry.msgid_plural = plural[0]
            entry.msgstr_plural = (old and old.msgstr_plural) or {0: ""}
        fresh.append(entry)
    return fresh


def main(words: list[str]) -> int:
    settings.configure()
    known = polib.pofile(str(CATALOGUE))
    fresh = catalogue(known)
    compiled = CATALOGUE.with_suffix(".mo")
    as_it_should_be = (
        CATALOGUE.read_text("utf-8") == str(fresh)
        and compiled.read_bytes() == fresh.to_binary()
    )
    if "--check" not in words:
        fresh.save(str(CATALOGUE))
        fresh.save_as_mofile(str(compiled))
    elif not as_it_should_be:
        say("The catalogue is not what the pages say. Run: make messages")
        return 1
    untranslated = fresh.untranslated_entries()
    for entry in untranslated:
        say(f"No Japanese yet: {entry.msgid}")
    return 1 if untranslated else 0


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
