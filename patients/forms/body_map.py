"""A simple figure of front and back: each region of each side is a radio button.

Shapes are drawn for one half of a figure, outward from its middle, and mirrored. The
radio buttons lie in the page as ever, so that keys, fingers and readers can choose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from patients.models import Region, Side

WIDTH, HEIGHT = 200, 230
FRONT_X, BACK_X = 50, 150

Half = Sequence[tuple[int, int]]

LIMBS: Mapping[Region, Half] = {
    Region.HEAD: ((0, 3), (8, 5), (13, 14), (12, 25), (6, 34), (0, 35)),
    Region.NECK: ((0, 35), (6, 34), (8, 44), (0, 44)),
    Region.SHOULDER: ((17, 46), (28, 49), (34, 59), (34, 69), (23, 67), (22, 58)),
    Region.UPPER_ARM: ((23, 67), (34, 69), (36, 92), (26, 92)),
    Region.ELBOW: ((26, 92), (36, 92), (38, 104), (28, 104)),
    Region.FOREARM: ((28, 104), (38, 104), (41, 129), (33, 129)),
    Region.HAND: ((33, 129), (41, 129), (44, 143), (39, 150), (32, 144)),
    Region.THIGH: ((1, 123), (24, 114), (23, 141), (20, 161), (6, 161)),
    Region.KNEE: ((6, 161), (20, 161), (19, 175), (7, 175)),
    Region.LOWER_LEG: ((7, 175), (19, 175), (18, 192), (15, 213), (8, 213)),
    Region.FOOT: ((8, 213), (15, 213), (21, 222), (20, 227), (6, 227)),
}
"""Seen from the front and from the back."""

CHEST: Half = ((0, 44), (8, 44), (17, 46), (22, 58), (22, 84), (0, 84))
WAIST: Half = ((0, 84), (22, 84), (21, 103), (0, 103))
HIPS: Half = ((0, 103), (21, 103), (24, 114), (1, 123), (0, 123))
FRONT = {Region.CHEST: CHEST, Region.ABDOMEN: WAIST, Region.PELVIS: HIPS}
BACK = {Region.UPPER_BACK: CHEST, Region.LOWER_BACK: WAIST, Region.BUTTOCK: HIPS}

ONE_SIDE = (Side.RIGHT, Side.LEFT)


def path_of(half: Half, middle_x: int, outward: int) -> str:
    corners = " ".join(f"{middle_x + outward * x},{y}" for x, y in half)
    return f"M{corners}Z"


def shape(region: str, side: str) -> str:
    """Return the path of a region; of both sides or the midline both halves."""
    if side not in ONE_SIDE:
        return "".join(shape(region, each) for each in ONE_SIDE)
    # On a figure that looks at the reader the right side lies on the left.
    outward = -1 if side == Side.RIGHT else 1
    at = Region(region)
    drawn = []
    if at in LIMBS or at in FRONT:
        drawn.append(path_of({**LIMBS, **FRONT}[at], FRONT_X, outward))
    if at in LIMBS or at in BACK:
        drawn.append(path_of({**LIMBS, **BACK}[at], BACK_X, -outward))
    return "".join(drawn)


def body() -> str:
    """Return the path of both figures."""
    return "".join(shape(region, "") for region in Region)


NOWHERE = ""
"""The answer of a lesion that is not on the map."""


def places() -> Iterator[tuple[str, str]]:
    """Yield each place that can be chosen, as a code and in words."""
    yield NOWHERE, _("not on the map")
    for region in Region:
        for side in ONE_SIDE:
            words = {"region": region.label, "side": side.label}
            yield f"{region.value}.{side.value}", _("%(region)s, %(side)s") % words


@dataclass(frozen=True, slots=True)
class Spot:
    """One radio button and the shape that belongs to it."""

    id: str
    value: str
    label: str
    shape: str
    chosen: bool


class BodyMap(forms.RadioSelect):
    """The figure as a widget."""

    def render(
        self, name: str, value: object, *_attrs: object, **_options: object
    ) -> SafeString:
        given = str(value or NOWHERE)
        spots = [
            Spot(
                id=f"id_{name}_{number}",
                value=code,
                label=words,
                shape=shape(*code.split(".")) if code else "",
                chosen=code == given,
            )
            for number, (code, words) in enumerate(places())
        ]
        facts = {"name": name, "spots": spots, "width": WIDTH, "height": HEIGHT}
        return render_to_string("patients/lesions/_body_map.html", facts)
