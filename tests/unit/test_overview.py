"""What a project's page is given."""

from __future__ import annotations

import pytest

from ckanext.cost_oc4ids.oc4ids import overview


@pytest.mark.parametrize(
    ("coordinates", "point"),
    [
        ([-76.5, 3.4], (-76.5, 3.4)),
        ([24.797369444352864, -100.05890748748246], None),
        ([1_061_000, 873_000], None),
        ([float("nan"), 3.4], None),
        (["-76.5", None], None),
    ],
)
def test_no_latitude_beyond_the_poles(coordinates: list[object], point: object) -> None:
    project = {"id": "p", "locations": [{"geometry": {"type": "Point", "coordinates": coordinates}}]}
    assert overview.overview(project).places[0].point == point
