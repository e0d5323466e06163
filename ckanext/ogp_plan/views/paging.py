"""Pages of a list: their numbers, and the address of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ckan.plugins.toolkit as tk

#: The word of an address that says which page.
PAGE = "pagina"
#: Page numbers shown on each side of the present one.
AROUND = 2
#: No list is turned farther than this; an address that asks for more gets the first page.
FARTHEST = 100_000


@dataclass(frozen=True, slots=True)
class Paging:
    """The pages of a list. ``pages``: (number, address); None as address is the present page or a gap."""

    number: int
    last: int
    pages: list[tuple[int, str | None]]
    previous_url: str | None
    next_url: str | None
    first_url: str


def number() -> int:
    """Return the page asked for; the first for what is no page."""
    try:
        found = int(tk.request.args.get(PAGE, "1"))
    except ValueError:
        return 1
    return found if 1 <= found <= FARTHEST else 1


def paging(count: int, size: int, present: int, url: Callable[[int | None], str]) -> Paging:
    """Return the pages of a list.

    :param count: how many things it has, of which a page shows ``size``.
    :param present: the page shown.
    :param url: the address of a page; None stands for the first.
    """
    last = -(-count // size)
    near = [n for n in range(1, last + 1) if n in (1, last) or abs(n - present) <= AROUND]
    pages: list[tuple[int, str | None]] = []
    for n in near:
        if pages and n - pages[-1][0] > 1:
            pages.append((n - 1, None))
        pages.append((n, url(n if n > 1 else None)))
    return Paging(
        number=present,
        last=last,
        pages=pages,
        previous_url=url(present - 1 if present > 2 else None) if 1 < present <= last else None,
        next_url=url(present + 1) if present < last else None,
        first_url=url(None),
    )
