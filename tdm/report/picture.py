"""The chart of the patient's page as a picture of its own, with its colours inside."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

from django.template.loader import render_to_string

import tdm
from tdm.charts import Chart
from tdm.report.glyphs import FAMILY

STYLES = Path(tdm.__file__).parent / "static" / "tdm"
DRAWN = {
    "fill",
    "font-size",
    "font-weight",
    "opacity",
    "paint-order",
    "stroke",
    "stroke-dasharray",
    "stroke-linejoin",
    "stroke-width",
}
"""What of a style sheet a picture needs; the rest lays out the page around it."""

RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
NESTED = re.compile(r"@[^{}]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
VARIABLE = re.compile(r"var\((--[\w-]+)(?:,\s*([^()]+))?\)")
SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)

Rules = list[tuple[str, dict[str, str]]]


def picture(chart: Chart) -> str:
    """Return a chart as one SVG that needs no style sheet and no page around it."""
    shown = SimpleNamespace(charts=(("print", chart),))
    found = SVG.search(render_to_string("tdm/_drawing.html", {"figure": shown}))
    if found is None:
        raise ValueError("The chart's template draws no picture.")
    head, _, body = found.group().partition(">")
    head = re.sub(r' class="[^"]*"', "", head, count=1)
    opened = f'{head} xmlns="http://www.w3.org/2000/svg" class="chart">'
    return f"{opened}<style>{style()}</style>{body}"


@lru_cache(maxsize=1)
def style() -> str:
    """Return the chart's style sheet without variables and without the page's part."""
    everywhere = rules((STYLES / "app.css").read_text())
    shared = {
        name: value
        for selector, facts in everywhere
        if selector == ":root"
        for name, value in facts.items()
    }
    lines = [f'text{{font-family:"{FAMILY}"}}']
    for selector, facts in plain(rules((STYLES / "chart.css").read_text()), shared):
        kept = ";".join(f"{name}:{facts[name]}" for name in facts if name in DRAWN)
        if kept:
            lines.append(f"{selector}{{{kept}}}")
    return "\n".join(lines)


def rules(css: str) -> Rules:
    """Read a style sheet, without what holds only for some screens."""
    flat = NESTED.sub("", COMMENT.sub("", css))
    return [
        (selector.strip(), facts_in(body))
        for selectors, body in RULE.findall(flat)
        for selector in selectors.split(",")
    ]


def facts_in(body: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in body.split(";") if ":" in each)
    return {name.strip(): value.strip() for name, _colon, value in pairs}


def plain(
    found: Rules, shared: Mapping[str, str]
) -> Iterable[tuple[str, dict[str, str]]]:
    """Put values for variables; one that a class sets makes a rule for that class."""
    by_class: dict[str, list[tuple[str, str]]] = {}
    for selector, facts in found:
        for name in facts:
            if name.startswith("--"):
                by_class.setdefault(name, []).append((selector, facts[name]))
    for selector, facts in found:
        asked = {
            name for value in facts.values() for name, _ in VARIABLE.findall(value)
        }
        yield selector, {n: filled(v, shared) for n, v in facts.items()}
        for variable in asked & set(by_class):
            for where, value in by_class[variable]:
                known = {**shared, variable: filled(value, shared)}
                told = {n: filled(v, known) for n, v in facts.items()}
                yield f"{selector}{where}", told


def filled(value: str, known: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: known.get(found[1], found[2] or "none"), value)
