"""Mutates valid packages at random, the same way for the same seed.

A mutation is small and lifelike more often than not (a wrong type, a missing key, a mistyped code, a repeated item),
because those are the ones that different validators disagree about. Everything made is JSON that Python's own ``json``
writes and reads alike, so that the difference between two validators is never one of reading.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from . import generate

Json = generate.Json
Way = tuple[str | int, ...]

STRANGERS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e300,
    2**70,
    "",
    " ",
    "x",
    "0.9.5",
    "COP",
    "cop",
    "implementation",
    "2024-02-30T00:00:00Z",
    "2024-01-01",
    "2024-01-01T00:00:00-05:00",
    "2016-12-31T23:59:60Z",
    "https://example.org/x",
    "no es una dirección",
    "ñandú 🚧",
    [],
    {},
    [None],
    [[]],
    [{}],
    ["x"],
    ["x", "x"],
    {"id": "x"},
    {"id": 1},
    [{"id": "x"}, {"id": "x"}],
    [{"id": "x", "title": "a"}, {"id": "x", "title": "b"}],
    [{"a": 1}, {"a": 1}],
    [{"a": 1}, {"a": 2}],
)


def ways(value: Any, way: Way = ()) -> list[Way]:
    """The way to every value below ``value``."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [found for key, each in items for found in ((*way, key), *ways(each, (*way, key)))]


def _parent(package: Json, way: Way) -> Any:
    node: Any = package
    for step in way[:-1]:
        node = node[step]
    return node


def _replace(package: Json, way: Way, random: Random) -> None:
    _parent(package, way)[way[-1]] = deepcopy(random.choice(STRANGERS))


def _remove(package: Json, way: Way, random: Random) -> None:
    del _parent(package, way)[way[-1]]


def _rename(package: Json, way: Way, random: Random) -> None:
    parent = _parent(package, way)
    if isinstance(parent, dict):
        parent[f"{way[-1]}{random.choice(('s', '_', 'X'))}"] = parent.pop(way[-1])


def _add(package: Json, way: Way, random: Random) -> None:
    parent = _parent(package, way)
    if isinstance(parent, dict):
        name = random.choice(("id", "roles", "amount", "status", "documents", "extra", "currency", "type"))
        parent[name] = deepcopy(random.choice(STRANGERS))
    else:
        parent.append(deepcopy(random.choice(STRANGERS)))


def _repeat(package: Json, way: Way, random: Random) -> None:
    parent = _parent(package, way)
    if isinstance(parent, list):
        parent.append(deepcopy(parent[way[-1]]))


def _repeat_id(package: Json, way: Way, random: Random) -> None:
    parent = _parent(package, way)
    if isinstance(parent, list) and isinstance(parent[way[-1]], dict):
        again = deepcopy(parent[way[-1]])
        again["description"] = "otro con el mismo id"
        parent.append(again)


def _wrap(package: Json, way: Way, random: Random) -> None:
    parent = _parent(package, way)
    parent[way[-1]] = random.choice(([parent[way[-1]]], {"value": parent[way[-1]]}))


def _swap(package: Json, way: Way, random: Random) -> None:
    other = random.choice(ways(package))
    parent = _parent(package, way)
    try:
        parent[way[-1]] = deepcopy(_parent(package, other)[other[-1]])
    except (KeyError, IndexError, TypeError):
        return


def _bend(package: Json, way: Way, random: Random) -> None:
    """Change a text a little, a number's size or sign, a list's length."""
    parent = _parent(package, way)
    value = parent[way[-1]]
    if isinstance(value, str):
        at = random.randrange(len(value) + 1)
        bent = (
            value.upper(),
            value.swapcase(),
            value[:at],
            value[:at] + random.choice(" -.Tzñ\n0") + value[at:],
            value + value,
        )
        parent[way[-1]] = random.choice(bent)
    elif isinstance(value, bool):
        parent[way[-1]] = str(value)
    elif isinstance(value, int | float):
        parent[way[-1]] = random.choice((-value, str(value), value * 1000, value + 0.5, float(value)))
    elif isinstance(value, list):
        parent[way[-1]] = value * 2 if random.random() < 0.5 else []


MUTATIONS: tuple[Callable[[Json, Way, Random], None], ...] = (
    _replace,
    _replace,
    _replace,
    _remove,
    _remove,
    _rename,
    _add,
    _repeat,
    _repeat_id,
    _wrap,
    _swap,
    _bend,
    _bend,
)


def fuzzed(seed: int) -> Json:
    """Package number ``seed``: one to three projects of any size, with one to four mutations anywhere in it."""
    random = Random(f"fuzz/{seed}")  # noqa: S311
    size = random.choice(("small", "small", "medium", "large"))
    numbers = random.sample(range(1, 200), random.choice((1, 1, 2, 3)))
    package = generate.package([generate.project(number, size, seed % 7) for number in numbers])
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        way = random.choice(ways(package))
        try:
            random.choice(MUTATIONS)(package, way, random)
        except (IndexError, KeyError, TypeError):
            continue
    return package


def mangled(seed: int) -> bytes:
    """File number ``seed``: a package's bytes with one to five cuts, flips, repeats and insertions in them."""
    random = Random(f"mangle/{seed}")  # noqa: S311
    data = bytearray(generate.encode(generate.make(random.choice((1, 2, 3)), "small", seed % 5)))
    for _ in range(random.randint(1, 5)):
        at = random.randrange(len(data) + 1)
        to = min(len(data), at + random.choice((1, 1, 2, 5, 40, 400)))
        kind = random.randrange(6)
        if kind == 0:
            del data[at:to]
        elif kind == 1:
            data[at:at] = data[at:to]
        elif kind == 2 and at < len(data):
            data[at] ^= 1 << random.randrange(8)
        elif kind == 3:
            data[at:at] = random.choice(BYTES)
        elif kind == 4:
            del data[at + (len(data) - at) // 2 :]
        else:
            other = random.randrange(len(data) + 1)
            data[at:to] = data[other : other + (to - at)]
        if not data:
            break
    return bytes(data)


BYTES = (
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\\",
    b'"',
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"NaN",
    b"1e999",
    b"null",
    b"\xef\xbb\xbf",
    b"[" * 300,
    b'{"a":' * 300,
    b"\n",
    b"/*",
    b"-",
    b".",
    b"9" * 400,
    b'"id":"x",',
)
