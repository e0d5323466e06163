"""What is taken out of a project, pure: every shape of data, and never an exception."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from support import generate

from ckanext.cost_common.values.text import without_accents
from ckanext.cost_oc4ids.oc4ids import summary
from ckanext.cost_oc4ids.oc4ids.overview import overview, web_address
from ckanext.cost_oc4ids.oc4ids.summary import Box, Money


def made(**fields: Any) -> summary.ProjectSummary:
    return summary.summarise({"id": "p", **fields})


class TestNumbers:
    def test_amounts_keep_every_digit_of_the_text(self) -> None:
        text = '{"id": "p", "budget": {"amount": {"amount": 0.1000000000000000055, "currency": "COP"}}}'
        found = summary.summarise(summary.parse_project(text))
        assert found.budget == Money(Decimal("0.1000000000000000055"), "COP")

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "12",
            True,
            [],
            {},
            Decimal("NaN"),
            Decimal("1e400"),
            Decimal("1e-400"),
            Decimal("Infinity"),
            10**30,
        ],
    )
    def test_what_is_no_amount_is_absent(self, value: Any) -> None:
        assert summary.money_of({"amount": value, "currency": "COP"}) is None

    def test_an_amount_without_currency_is_absent(self) -> None:
        assert summary.money_of({"amount": 5}) is None
        assert summary.money_of({"amount": 5, "currency": " "}) is None
        assert summary.money_of("5 COP") is None

    def test_long_integers_are_read(self) -> None:
        assert summary.parse_project('{"id": "p", "n": %s}' % ("9" * 5000))["n"].adjusted() == 4999

    def test_contracts_add_up_within_one_currency_only(self) -> None:
        def process(amount: Any, currency: str | None) -> dict[str, Any]:
            return {"id": "c", "summary": {"contractValue": {"amount": amount, "currency": currency}}}

        one = {
            "contractingProcesses": [
                process(Decimal("0.1"), "COP"),
                process(Decimal("0.2"), "COP"),
                {"id": "x"},
            ]
        }
        assert summary.contract_total(one) == Money(Decimal("0.3"), "COP")
        assert (
            summary.contract_total({"contractingProcesses": [process(1, "COP"), process(1, "USD")]}) is None
        )
        assert summary.contract_total({}) is None


class TestDates:
    @pytest.mark.parametrize(
        ("written", "day"),
        [
            ("2026-01-01T00:00:00Z", dt.date(2026, 1, 1)),
            ("2026-12-31T23:59:59-05:00", dt.date(2026, 12, 31)),
            ("2026-02-30T00:00:00Z", None), ("pronto", None), (None, None), (20260101, None), ("0000-01-01T00:00:00Z", None),
        ],
    )  # fmt: skip
    def test_a_day_is_the_one_that_was_written(self, written: Any, day: Any) -> None:
        assert summary.date_of(written) == day

    @pytest.mark.parametrize(
        ("written", "moment"),
        [
            ("2026-01-01T00:00:00-05:00", "2026-01-01T05:00:00+00:00"),
            ("2026-01-01T00:00:00.123456789+05:30", "2025-12-31T18:30:00.123456+00:00"),
            ("2026-06-30t23:59:60z", "2026-06-30T23:59:59+00:00"),
            ("0001-01-01T00:00:00+14:00", None), ("9999-12-31T23:00:00-05:00", None), ("2026-01-01", None), ("2026-13-01T00:00:00Z", None),
        ],
    )  # fmt: skip
    def test_a_moment_is_in_utc(self, written: str, moment: str | None) -> None:
        found = summary.moment_of(written)
        assert (found.isoformat() if found else None) == moment

    def test_the_start_is_the_first_that_is_known(self) -> None:
        assert made(period={"startDate": "2024-03-01T00:00:00Z"}).year == 2024
        assert made(implementationPeriod={"startDate": "2025-03-01T00:00:00Z"}).year == 2025
        contracts = [
            {"summary": {"contractPeriod": {"startDate": f"{year}-03-01T00:00:00Z"}}} for year in (2023, 2022)
        ]
        assert made(contractingProcesses=contracts).start_date == dt.date(2022, 3, 1)
        assert made().year is None


class TestPlaces:
    def test_box_of_every_geometry(self) -> None:
        geometries = [
            {"type": "Point", "coordinates": [-76.5, Decimal("3.4")]},
            {"type": "Polygon", "coordinates": [[[-76.6, 3.3], [-76.4, 3.5], [-76.6, 3.3]]]},
            {"type": "Point", "coordinates": [999, 3]}, {"type": "Point", "coordinates": ["x", None]}, {"coordinates": 5},
        ]  # fmt: skip
        found = made(
            locations=[{"id": str(n), "geometry": geometry} for n, geometry in enumerate(geometries)]
        )
        assert found.box == Box(-76.6, 3.3, -76.4, 3.5)
        assert made(locations=[{"id": "1"}]).box is None

    def test_a_place_in_words(self) -> None:
        address = {"streetAddress": "Calle 5", "locality": "Cali"}
        found = made(
            locations=[
                {"id": "1", "description": "Siloé"},
                {"id": "2", "address": address},
                {"id": "3", "description": "Siloé"},
            ]
        )
        assert found.place == "Siloé · Calle 5, Cali"


class TestWords:
    def test_folded(self) -> None:
        assert without_accents("PAVIMENTACIÓN Ñandú straße ﬁn") == "pavimentacion nandu strasse fin"
        assert summary.words("oc4ids-abc123_n.º 5/2026") == ["oc4ids", "abc123", "n", "o", "5", "2026"]

    def test_what_people_look_for_is_there_once(self) -> None:
        found = made(
            title="Puente puente",
            identifiers=[{"id": "BP-26004"}],
            parties=[{"id": "1", "name": "Consorcio Río"}],
            contractingProcesses=[{"id": "ocds-1", "summary": {"externalReference": "CO1.REQ.77"}}],
        )
        words = found.search_text.split()
        assert len(words) == len(set(words))
        assert {"puente", "26004", "rio", "req", "77", "p"} <= set(words)

    def test_bounded(self) -> None:
        found = made(
            title="t" * 9999, description=" ".join(f"w{n}" for n in range(99_999)), sector=["s" * 300, *"abc"]
        )
        assert len(found.title) == summary.LONGEST_TITLE
        assert len(found.search_text.split()) == summary.MOST_WORDS
        assert max(map(len, found.search_text.split())) == summary.LONGEST_WORD
        assert found.sectors == ("a", "b", "c")

    def test_nothing_that_a_database_cannot_hold(self) -> None:
        found = summary.summarise({"id": "a\x00b", "title": "\ud800x", "status": "\x00"})
        assert (found.project_id, found.title) == ("a\ufffdb", "\ufffdx")
        repr(found).encode("utf-8")


class TestContentHash:
    def test_spaces_and_order_do_not_count_and_values_do(self) -> None:
        one, same, other = (
            summary.content_hash(summary.parse_project(text))
            for text in (
                '{"id": "p", "a": [1, 2.50]}',
                ' {"a":[1,2.50],\n"id":"p"} ',
                '{"id": "p", "a": [2.50, 1]}',
            )
        )
        assert one == same != other


JUNK = [
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "\x00",
    [],
    [[]],
    [None],
    {},
    {"id": 5},
    [{"id": []}],
    {"amount": {"amount": {}}},
]


def test_no_shape_of_data_raises() -> None:
    """Every field of the standard that is read, replaced by every kind of junk, at two depths."""
    whole = generate.project(1, "large", 1)
    for name in list(whole):
        for junk in JUNK:
            for value in (
                junk,
                [junk],
                dict.fromkeys(whole[name], junk) if isinstance(whole[name], dict) else junk,
            ):
                broken = {**whole, name: value}
                if name == "id":
                    broken["id"] = str(value)
                summary.summarise(broken)
                overview(broken)
    for process_field in whole["contractingProcesses"][0]["summary"]:
        for junk in JUNK:
            process = json.loads(json.dumps(whole["contractingProcesses"][0]))
            process["summary"][process_field] = junk
            summary.summarise({"id": "p", "contractingProcesses": [process]})
            overview({"id": "p", "contractingProcesses": [process]})


class TestOverview:
    def test_joins_references_with_parties(self) -> None:
        project = overview(
            {
                "id": "p",
                "publicAuthority": {"id": "A"},
                "parties": [
                    {"id": "A", "name": "Secretaría"},
                    {"id": "B", "identifier": {"legalName": "Consorcio"}},
                ],
                "contractingProcesses": [{"id": "c", "summary": {"suppliers": [{"id": "B"}, {"id": "Z"}]}}],
            }
        )
        assert project.authority == "Secretaría"
        assert project.contracts[0].suppliers == ("Consorcio", "Z")

    @pytest.mark.parametrize(
        ("address", "kept"),
        [
            ("https://example.org/a", True), ("HTTP://example.org", True), ("javascript:alert(1)", False), ("//example.org", False),
            ("https://", False), ("data:text/html,x", False), ("http://[", False), ("", False), (None, False), ("ftp://x.org", False),
        ],
    )  # fmt: skip
    def test_only_web_addresses_are_linked(self, address: Any, kept: bool) -> None:
        assert bool(web_address(address)) is kept

    def test_what_is_beyond_a_page_is_counted(self) -> None:
        project = overview({"id": "p", "documents": [{"id": str(n)} for n in range(130)]})
        assert (len(project.documents), project.more) == (100, {"documents": 30})

    def test_several_currencies_are_shown_and_not_added(self) -> None:
        values = [{"amount": 1, "currency": "COP"}, {"amount": 1, "currency": "USD"}, None]
        project = overview(
            {"id": "p", "contractingProcesses": [{"summary": {"contractValue": value}} for value in values]}
        )
        assert (project.contracted, project.mixed_currencies, project.unvalued) == (None, True, 1)
