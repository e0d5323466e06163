"""A remedy obeyed helps: what a fix writes leaves fewer errors and no new one, whatever the file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import cases, defects, fuzz, generate, sampling

from ckanext.cost_oc4ids.oc4ids import fixes, render
from ckanext.cost_oc4ids.oc4ids.types import Finding, Options, Report, Severity
from ckanext.cost_oc4ids.oc4ids.validator import validate

OPTIONS = Options(as_of=generate.NOW.date())
REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "oc4ids" / "examples"
SEEDS = sampling.seeds(range(90), one_in=3)


def check(document: Any) -> Report:
    return validate(generate.encode(document), OPTIONS)


def errors(report: Report) -> Counter[tuple[str, str]]:
    """Errors by code and place. Those of lists as a whole and of required members are at the list or object."""
    return Counter(
        (each.code, place.path + (f"/{each.params['name']}" if each.code == "schema.required" else ""))
        for each in report.findings
        if each.severity is Severity.ERROR
        for place in each.places
    )


def proposed(report: Report) -> Iterator[tuple[Finding, list[dict[str, Any]]]]:
    for finding in report.findings:
        for place in finding.places:
            if place.fix:
                yield finding, place.fix


def assert_every_fix_helps(document: Any) -> set[str]:
    """Carry out each fix alone; return the codes of those there were."""
    report = check(document)
    before = errors(report)
    codes = set()
    for finding, operations in proposed(report):
        codes.add(finding.code)
        after = check(fixes.apply(document, operations))
        about = (finding.code, finding.field, operations)
        assert after.counts["error"] <= report.counts["error"] - (finding.severity is Severity.ERROR), about
        # what stands after a removed element of a list moves one up
        new = Counter(code for code, _ in errors(after).elements()) - Counter(
            code for code, _ in before.elements()
        )
        assert not new, (about, new)
    return codes


def repaired(document: Any) -> Any:
    """A document after all of its fixes, each time the first that there is."""
    for _ in range(500):
        operations = next((operations for _, operations in proposed(check(document))), None)
        if operations is None:
            return document
        document = fixes.apply(document, operations)
    raise AssertionError("fixes without end")


#: written as neighbours write them: mistakes in a project of the generator, and whether its errors all go
DAMAGE: dict[str, tuple[str, Any, Any]] = {
    "a list as one text": ("sector", "transport, transport.road", ["transport", "transport.road"]),
    "with semicolons": ("sector", "transport;transport.road;", ["transport", "transport.road"]),
    "with codes in other words": ("sector", "Transport; transport.road", ["transport", "transport.road"]),
    "as JSON in a text": ("sector", '["transport"]', ["transport"]),
    "as Python prints it": ("sector", "['transport', 'energy']", ["transport", "energy"]),
    "one word twice": ("sector", "transport,transport", ["transport"]),
    "an object with numbers": (
        "documents",
        {"10": {"id": "b", "title": "B"}, "2": {"id": "a", "title": "A"}},
        [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}],
    ),
    "an object with names": (
        "documents",
        {"acta": {"id": "a"}, "plano": {"id": "b"}},
        [{"id": "a"}, {"id": "b"}],
    ),
    "one object": ("documents", {"id": "a", "title": "A"}, [{"id": "a", "title": "A"}]),
    "objects with one id": (
        "documents",
        {"0": {"id": "a", "title": "A"}, "1": {"id": "a", "title": "B"}},
        None,
    ),
    "objects that lack something": ("documents", {"0": {"title": "A"}}, None),
    "one text for a list of objects": ("documents", "https://datos.example.org/a.pdf", None),
    "more than can be copied": (
        "documents",
        {str(n): {"id": str(n), "title": "T" * 60} for n in range(40)},
        None,
    ),
    "a list of one object": (
        "period",
        [{"startDate": "2025-01-01T00:00:00Z"}],
        {"startDate": "2025-01-01T00:00:00Z"},
    ),
    "a list of two objects": ("period", [{"durationInDays": 1}, {"durationInDays": 2}], None),
    "a currency in words": ("budget", {"amount": {"amount": "1.500.000 pesos", "currency": "COP"}}, ...),
    "a number in two ways": ("budget", {"amount": {"amount": "1.500", "currency": "COP"}}, None),
    "a day in two ways": ("updated", "05/03/2025", None),
    "a day in one way": ("updated", "31/03/2025", "2025-03-31T00:00:00-05:00"),
    "a moment with its zone": ("updated", "2025-03-31 10:00:00Z", "2025-03-31T10:00:00Z"),
    "the 30th of February": ("updated", "2025-02-30", None),
    "an address with spaces": (
        "documents",
        [{"id": "a", "url": "http://datos.example.org/acta de obra.pdf"}],
        [{"id": "a", "url": "http://datos.example.org/acta%20de%20obra.pdf"}],
    ),
    "nothing where something may be left out": ("title", None, ...),
    "nothing in a list of one": ("sector", [None], ...),
    "nothing in an object of one": ("budget", {"amount": {"amount": None}}, ...),
    "two ways of one code": ("sector", ["transport", "Transport"], ["transport"]),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_a_fix_writes(name: str) -> None:
    """``...``: it is mended, however; None: it takes a decision, and the remedy gives nothing to copy."""
    field, wrong, right = DAMAGE[name]
    document = {"id": "oc4ids-abc123-1", field: wrong}
    assert_every_fix_helps(document)
    written = repaired(document)
    if right is None:
        assert written == document
        shown = render.as_dict(check(document), "es")["findings"]
        assert not any(json.dumps(wrong, ensure_ascii=False)[:20] in each["remedy"] for each in shown)
        assert "…" not in "".join(each["remedy"] for each in shown)
    else:
        assert right is ... or written[field] == right
        assert check(written).valid


def test_ends_are_trimmed_before_hyphens_are_put() -> None:
    document = {
        "id": " oc4ids-abc123-1 A ",
        "publicAuthority": {"id": "N 1 "},
        "parties": [{"id": "N 1 ", "name": "Alcaldía", "roles": ["publicAuthority"]}],
    }
    written = repaired(document)
    assert written["id"] == "oc4ids-abc123-1-A"
    assert written["parties"][0]["id"] == written["publicAuthority"]["id"] == "N-1"
    assert not {each.code for each in check(written).findings} & {"id.spaces", "text.spaces", "ref.unknown"}


def test_the_text_says_what_the_fix_writes() -> None:
    report = check({"id": "p", "sector": "transport; energy", "title": " a ", "updated": "2025-03-31"})
    for finding in report.findings:
        if finding.places[0].fix:
            value = json.dumps(finding.places[0].fix[0]["value"], ensure_ascii=False)
            assert value in render.finding_as_dict(finding, "es")["remedy"]


def test_a_stored_report_keeps_its_fixes() -> None:
    report = check({"id": "p", "sector": "transport; energy"})
    kept = Report.from_store(json.loads(json.dumps(report.to_store())))
    assert list(proposed(kept)) == list(proposed(report))
    assert len(list(proposed(kept))) == 1


@pytest.mark.parametrize("name", defects.DEFECTS)
def test_fixes_of_every_kind_of_defect(name: str) -> None:
    assert_every_fix_helps(defects.defective(name))


def test_fixes_of_fuzzed_packages() -> None:
    codes: set[str] = set()
    for seed in SEEDS:
        codes |= assert_every_fix_helps(fuzz.fuzzed(seed))
    assert len(codes) >= 5


def places(node: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value below a node."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, each in members:
        yield (*way, name)
        yield from places(each, (*way, name))


#: what programs and people make of a value
HABITS: dict[str, Any] = {
    "null": lambda value: None,
    "empty text": lambda value: "",
    "spaces": lambda value: "  ",
    "empty list": lambda value: [],
    "empty object": lambda value: {},
    "as text": lambda value: ",".join(map(str, value)) if isinstance(value, list) else str(value),
    "in a list": lambda value: [value],
    "only one of a list": lambda value: value[0] if isinstance(value, list) else value,
    "a list of PHP": lambda value: (
        {str(2 * at): each for at, each in enumerate(value)} if isinstance(value, list) else {"0": value}
    ),
    "twice": lambda value: [*value, value[0]] if isinstance(value, list) else [value, value],
    "with spaces": lambda value: f" {value} " if isinstance(value, str) else value,
    "shouted": lambda value: value.upper() if isinstance(value, str) else value,
    "a date without zone": lambda value: value[:19] if isinstance(value, str) else value,
    "a date alone": lambda value: value[:10] if isinstance(value, str) else value,
}


@pytest.mark.parametrize("habit", HABITS)
def test_fixes_of_every_field_written_badly(habit: str) -> None:
    base = {"id": "oc4ids-abc123-1"} | generate.project(3, "large")
    ways = list(places(base))
    seen = set()
    for way in ways[len(habit) % 7 :: 1 if sampling.FUZZ else 7]:
        document = json.loads(json.dumps(base))
        parent: Any = document
        for step in way[:-1]:
            parent = parent[step]
        changed = HABITS[habit](parent[way[-1]])
        if changed != parent[way[-1]]:
            parent[way[-1]] = changed
            seen |= assert_every_fix_helps(document)
    assert seen, "this habit is mended nowhere"


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.json")), ids=lambda path: path.name)
def test_fixes_of_official_examples(path: Path) -> None:
    assert_every_fix_helps(json.loads(path.read_text(encoding="utf-8")))


class TestCases:
    """The right answers for ``../shared/cases/oc4ids``."""

    @staticmethod
    def document(name: str) -> Any:
        return json.loads(cases.read(f"oc4ids/{name}"))

    @pytest.mark.parametrize(
        ("name", "place", "right"),
        [
            (
                "01-tags-as-one-text.json",
                ("contractingProcesses", 0, "releases", 0, "tag"),
                ["planning", "tender", "award", "contract"],
            ),
            ("01c-sector-as-text.json", ("sector",), ["transport", "transport.road"]),
            (
                "01e-php-object-for-list.json",
                ("parties",),
                [
                    {"id": "CO-NIT-1", "name": "S", "roles": ["publicAuthority"]},
                    {"id": "CO-NIT-2", "name": "T", "roles": ["supplier"]},
                ],
            ),
            ("07b-trailing-space.json", ("id",), "oc4ids-abc123-1"),
        ],
    )
    def test_remedy(self, name: str, place: tuple[str | int, ...], right: Any) -> None:
        document = self.document(name)
        assert_every_fix_helps(document)
        written: Any = repaired(document)["projects"][0]
        assert check({"projects": [written]} | {k: v for k, v in document.items() if k != "projects"}).valid
        for step in place:
            written = written[step]
        assert written == right

    def test_swapped_in_mexico(self) -> None:
        document = self.document("02-swapped-mexico.json")
        found = {each.code for each in check(document).findings}
        assert "geo.swapped" in found
        assert "geo.out_of_range" not in found
        location = repaired(document)["projects"][0]["locations"][0]
        assert location["geometry"]["coordinates"] == [-100.05890748748246, 24.797369444352864]

    def test_empty_texts_of_the_package(self) -> None:
        report = check(self.document("08b-empty-publisher-scheme.json"))
        found = {(each.code, each.field) for each in report.findings}
        assert {
            ("package.blank", "publisher/scheme"),
            ("package.blank", "publisher/uid"),
            ("package.publisher_without_id", "publisher"),
        } <= found
        assert report.valid
        assert set(repaired(self.document("08b-empty-publisher-scheme.json"))["publisher"]) == {"name", "uri"}

    def test_the_answer_of_a_program(self) -> None:
        finding = check(self.document("09-o-api-wrapped.json")).findings[0]
        assert finding.code == "read.wrapped"
        assert "'result'" in render.finding_as_dict(finding, "es")["message"]

    def test_control_characters(self) -> None:
        document = self.document("23-control-characters.json")
        report = check(document)
        found = {(each.code, each.field) for each in report.findings if each.severity is Severity.WARNING}
        assert {("text.forbidden_characters", "title"), ("text.forbidden_characters", "description")} <= found
        assert report.valid
        project = repaired(document)["projects"][0]
        assert project["title"] == "Puente  con  control"
        assert project["description"] == "ab fin  \ud7ff"

    def test_each_repetition_is_named(self) -> None:
        report = check(self.document("10b-five-exact-duplicates.json"))
        finding = next(each for each in report.findings if each.code == "schema.unique_items")
        remedy = render.finding_as_dict(finding, "es")["remedy"]
        for named in (
            "parties/2 (CO-NIT-1)",
            "parties/6 (CO-NIT-0)",
            "parties/7 (CO-NIT-1)",
            "parties/8 (CO-NIT-2)",
            "parties/9 (CO-NIT-3)",
            "parties/10 (CO-NIT-4)",
        ):
            assert named in remedy
        assert check(repaired(self.document("10b-five-exact-duplicates.json"))).valid
