"""Pages of a list: their numbers, and the address of each.

CKAN's ``ckan.lib.pagination.Page`` writes its own Bootstrap markup, without ``rel``, names for screen
readers or "previous" and "next" in words; so lists of these plugins have their pages from here and
show them with ``cost_common/macros/pages.html``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ckan.plugins.toolkit as tk

#: Parameter of an address that names the page.
PAGE = "pagina"
#: Page numbers shown on each side of the present one.
AROUND = 2
#: The last page that can be asked for; a larger number is read as the first page.
FARTHEST = 100_000


@dataclass(frozen=True, slots=True)
class Paging:
    """The pages of a list.

    :param number: the page shown, from 1.
    :param last: the last page; 0 when the list is empty.
    :param pages: (number, address) of the pages to offer; None as address marks a gap.
    :param previous_url: address of the page before; None on the first one and beyond the last.
    :param next_url: address of the page after; None on the last one.
    :param first_url: address of the first page.
    """

    number: int
    last: int
    pages: list[tuple[int, str | None]]
    previous_url: str | None
    next_url: str | None
    first_url: str


def requested_page(parameter: str = PAGE, farthest: int = FARTHEST) -> int:
    """Return the page that the request's address names.

    :param parameter: the parameter of the address.
    :param farthest: the last page that can be asked for.
    :returns: its number, from 1; 1 for what is no page.
    """
    try:
        number = int(tk.request.args.get(parameter, "1"))
    except ValueError:
        return 1
    return number if 1 <= number <= farthest else 1


def paginate(count: int, size: int, present: int, url: Callable[[int | None], str]) -> Paging:
    """Return the pages of a list: the first, the last and those around the present one.

    :param count: how many entries the list has, of which a page shows ``size``.
    :param present: the page shown, from 1.
    :param url: returns the address of a page by its number; None stands for the first.
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
