"""Arithmetic written as text in a model file: checked when read, then run on arrays."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Mapping[str, Any]
Run = Callable[[Values], Any]

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def expit(value: Any) -> Any:
    return 1 / (1 + np.exp(-value))


def logit(value: Any) -> Any:
    return np.log(value / (1 - value))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "expit": expit,
    "logit": logit,
}


MOST_CHARACTERS = 1000
"""Of an expression: enough for any model, and too few to nest without end."""


@dataclass(frozen=True)
class Expression:
    """Text, the names it needs, and how to work it out.

    Examples
    --------
    >>> clearance = parse("7.09 * (HCT / 38) ** -0.901")
    >>> round(float(clearance({"HCT": 38.0})), 2)
    7.09
    """

    text: str
    names: frozenset[str]
    run: Run

    def __call__(self, values: Values) -> Any:
        return self.run(values)


def parse(text: str | float) -> Expression:
    """Read an expression of numbers, names, `+ - * / **`, comparisons and FUNCTIONS.

    Raises
    ------
    ValueError
        Where the text is no such expression.

    Examples
    --------
    >>> sorted(parse("CL * (WT / 70) ** 0.75").names), float(parse("2 * 3")({}))
    (['CL', 'WT'], 6.0)
    """
    written = str(text)
    if len(written) > MOST_CHARACTERS:
        begins = written[:20]
        raise ValueError(
            f"an expression has at most {MOST_CHARACTERS} characters: {begins!r} ..."
        )
    try:
        tree = ast.parse(written, mode="eval")
        run = compiled(tree.body)
    except UNREADABLE as problem:
        raise ValueError(f"{text!r} is no arithmetic expression") from problem
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Expression(written, frozenset(named - set(FUNCTIONS)), run)


UNREADABLE = (
    SyntaxError,
    LookupError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
)
"""What Python says to text that is no expression, nests too deep or overflows."""


def compiled(node: ast.expr) -> Run:
    match node:
        case ast.Constant(value=int() | float() as number):
            constant = np.float64(number)
            return lambda _values: constant
        case ast.Name(id=name):
            return lambda values: values[name]
        case ast.UnaryOp(op=sign, operand=inner):
            return applied(OPERATORS[type(sign)], inner)
        case (
            ast.BinOp(left=left, op=sign, right=right)
            | ast.Compare(left=left, ops=[sign], comparators=[right])
        ):
            return applied(OPERATORS[type(sign)], left, right)
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]):
            return applied(FUNCTIONS[name], inner)
    raise TypeError(ast.dump(node))


def applied(function: Callable[..., Any], *nodes: ast.expr) -> Run:
    if len(nodes) == 1:
        inner = compiled(nodes[0])
        return lambda values: function(inner(values))
    left, right = map(compiled, nodes)
    return lambda values: function(left(values), right(values))
