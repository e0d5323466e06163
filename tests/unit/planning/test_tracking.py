"""Which facts count: corrected and returned ones."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from ckanext.ogp_plan.planning.tracking import (
    Record,
    Review,
    Update,
)
from ckanext.ogp_plan.planning.types import Plan


def test_a_correction_that_was_returned_gives_back_what_it_corrected() -> None:
    first = Update(id="1", at=dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc), item=("fila", "1.1"))
    second = replace(first, id="2", at=first.at + dt.timedelta(days=1), supersedes="1", text="corregido")
    back = Review(id="3", at=first.at + dt.timedelta(days=2), update="2", accepted=False, reason="falta")
    record = Record(Plan("paac"), updates=[first, second])
    assert [one.id for one in record.counting_updates()] == ["2"]
    record.reviews.append(back)
    assert [one.id for one in record.counting_updates()] == ["1"]
