"""A rate matrix as independent exponentials: K = right diag(rates) left.

Models of one or two compartments, with or without a depot, have them in closed form;
any other goes to LAPACK. Where two rates nearly meet the exponentials lose their
digits, and `sound` says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dosing.pk.expressions import Array

WORST_CONDITION = 1e4
"""Digits lost to nearly equal rates, as the largest entry of a mode's own matrix,
which no scaling of its vectors changes: at most four of sixteen."""

TINY = 1e-290
"""An exponent so near 0 that dividing by it loses its meaning."""


@dataclass(frozen=True)
class Modes:
    """For each of s matrices of size n: rates (s, n), right and left (s, n, n)."""

    rates: Array
    right: Array
    left: Array
    sound: NDArray[np.bool_]


def modes_of(matrices: Array) -> Modes:
    """Split rate matrices, shape (s, n, n), into exponentials."""
    with np.errstate(all="ignore"):
        found = closed_form(matrices.transpose(1, 2, 0))
        if found is None:
            rates, right, left = by_lapack(matrices)
        else:
            rates, right, left = found[0].T, *(m.transpose(2, 0, 1) for m in found[1:])
        size = (np.abs(right).max(1) * np.abs(left).max(2)).max(1)
    finite = np.isfinite(size) & np.isfinite(rates).all(1)
    return Modes(rates, right, left, finite & (size < WORST_CONDITION))


Split = tuple[Array, Array, Array]
"""Rates (n, s), right and left (n, n, s)."""


def closed_form(matrices: Array) -> Split | None:
    """Split a depot in front of one or two compartments, matrices (n, n, s)."""
    size = len(matrices)
    pattern = (matrices != 0).any(2)
    with_depot = (
        size in {2, 3} and not pattern[0, 1:].any() and not pattern[2:, 0].any()
    )
    body = matrices[1:, 1:] if with_depot else matrices
    if len(body) > 2:  # noqa: PLR2004 - one or two compartments
        return None
    if len(body) == 1:
        split = body[0], np.ones_like(body), np.ones_like(body)
    else:
        split = two(body)
    return behind_depot(matrices, *split) if with_depot else split


def two(body: Array) -> Split:
    """Split matrices (2, 2, s); the smaller rate comes from the product."""
    (a, b), (c, d) = body
    mid = (a - d) / 2
    half = np.sqrt(mid**2 + b * c)
    reach = np.abs(mid) + half
    across = b * c / np.where(reach == 0, 1.0, reach)
    fast = (a + d) / 2 - half
    slow = (a * d - b * c) / np.where(fast == 0, 1.0, fast)
    right, left = np.empty_like(body), np.empty_like(body)
    right[0, 0] = np.where(mid < 0, -reach, -across)
    right[0, 1] = np.where(mid < 0, across, reach)
    right[1] = c
    width = -2 * half * c
    left[0, 0], left[0, 1] = c / width, -right[0, 1] / width
    left[1, 0], left[1, 1] = -left[0, 0], right[0, 0] / width
    rates = np.stack([fast, slow])
    lone = c == 0
    if lone.any():
        rates[:, lone], right[..., lone], left[..., lone] = uncoupled(body[..., lone])
    return rates, right, left


def uncoupled(body: Array) -> Split:
    """Split matrices (2, 2, s) whose second compartment receives nothing."""
    (a, b), (_nothing, d) = body
    across = b / np.where(d == a, np.nan, d - a)
    right, left = np.zeros_like(body), np.zeros_like(body)
    right[0, 0] = right[1, 1] = left[0, 0] = left[1, 1] = 1
    right[0, 1], left[0, 1] = across, -across
    return np.stack([a, d]), right, left


def behind_depot(matrices: Array, rates: Array, right: Array, left: Array) -> Split:
    """Put a depot, compartment 0, in front of a body that is already split."""
    drain, feed = matrices[0, 0], matrices[1, 0]
    shares = left[:, 0] * feed / (drain - rates)
    all_right, all_left = np.zeros_like(matrices), np.zeros_like(matrices)
    all_right[0, 0] = all_left[0, 0] = 1
    all_right[1:, 0] = (right * shares).sum(1)
    all_right[1:, 1:], all_left[1:, 1:] = right, left
    all_left[1:, 0] = -shares
    return np.concatenate([drain[None], rates]), all_right, all_left


def by_lapack(matrices: Array) -> tuple[Array, Array, Array]:
    rates, right = np.linalg.eig(matrices)
    if np.iscomplexobj(rates):
        swinging = np.abs(rates.imag).max(1) > 0
        rates, right = rates.real.copy(), right.real.copy()
        rates[swinging] = np.nan
    usable = np.isfinite(rates).all(1) & (np.abs(np.linalg.det(right)) > 0)
    left = np.full_like(right, np.nan)
    left[usable] = np.linalg.inv(right[usable])
    return rates, right, left


def mean_fade(fade: Array) -> Array:
    """Return (exp(x) - 1) / x, which is 1 at 0."""
    nearly_none = np.abs(fade) < TINY
    safe = np.where(nearly_none, 1.0, fade)
    return np.where(nearly_none, 1.0, np.expm1(safe) / safe)
