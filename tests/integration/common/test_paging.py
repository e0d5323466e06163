"""Pages of a list: which are offered, and their addresses."""

from __future__ import annotations

import pytest

from ckanext.cost_common.paging import Paging, paginate


def url(number: int | None) -> str:
    return f"/list?page={number}" if number else "/list"


def offered(paging: Paging) -> list[int | None]:
    """The pages with an address, None for a gap."""
    return [number if address else None for number, address in paging.pages]


@pytest.mark.parametrize(
    ("count", "present", "expected"),
    [
        (0, 1, []),
        (10, 1, [1]),
        (11, 1, [1, 2]),
        (200, 1, [1, 2, 3, None, 20]),
        (200, 10, [1, None, 8, 9, 10, 11, 12, None, 20]),
        (200, 20, [1, None, 18, 19, 20]),
        (200, 99, [1, None, 20]),
    ],
)
def test_the_first_the_last_and_those_around_are_offered(
    count: int, present: int, expected: list[int | None]
) -> None:
    assert offered(paginate(count, 10, present, url)) == expected


@pytest.mark.parametrize(
    ("present", "previous_url", "next_url"),
    [
        (1, None, "/list?page=2"),
        (2, "/list", "/list?page=3"),
        (3, "/list?page=2", None),
        (4, None, None),
    ],
)
def test_the_pages_beside_it(present: int, previous_url: str | None, next_url: str | None) -> None:
    paging = paginate(30, 10, present, url)
    assert (paging.previous_url, paging.next_url) == (previous_url, next_url)
    assert (paging.number, paging.last, paging.first_url) == (present, 3, "/list")
