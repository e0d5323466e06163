"""Every code that can stand in an act has words, in both languages, with its parameters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import plan_files as made

from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.importers import read
from ckanext.ogp_plan.planning.importers.act import Unreadable
from ckanext.ogp_plan.planning.types import Place
from ckanext.ogp_plan.planning.words import messages
from ckanext.ogp_plan.planning.words.i18n import translator
from ckanext.ogp_plan.planning.words.render import Renderer

HERE = Path(messages.__file__).parents[1]
CODE = re.compile(r"""["']([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)["']""")
FAMILY_CODES = {"level.unknown", "code.repeated", "code.pattern", "parent.missing", "parent.level", "weight.sum"}


def used() -> set[str]:
    """Codes that the importers name, and what holds a document against a plan of the portal."""
    found: set[str] = set()
    for path in [*(HERE / "importers").glob("*.py"), HERE.parent / "services" / "import_.py"]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.lstrip().startswith(("#", "from", "import")):
                found |= set(CODE.findall(line))
    return {code for code in found if not code.endswith((".xml", ".yaml"))}


def test_each_code_that_is_used_has_words() -> None:
    known = set(messages.FINDINGS) | set(messages.ERRORS) | set(messages.OPTIONS)
    assert {code for code in used() - known if code.split(".")[0] in {one.split(".")[0] for one in known}} == set()
    assert {f"family.{code}" for code in FAMILY_CODES} <= known


def test_no_words_are_left_over() -> None:
    from_data = {"not_plan.report", "number.zeros", "number.thousands", "number.ungrouped", "header.first", "header.repeated", "page.mark", "label"}
    known = set(messages.FINDINGS) | set(messages.ERRORS) | set(messages.OPTIONS)
    assert known - used() - from_data - {f"family.{code}" for code in FAMILY_CODES} == set()


def sources() -> list[str]:
    both = [*messages.FINDINGS.values(), *messages.ERRORS.values()]
    return [text for one in both for text in (one.title, one.why)] + [*messages.OPTIONS.values(), *messages.FIELDS.values()]


@pytest.mark.parametrize("source", sorted(set(sources())))
def test_spanish(source: str) -> None:
    spanish = translator("es_CO").gettext(source)
    assert spanish != source or source in ("%(value)s",), "no Spanish"
    assert sorted(re.findall(r"%\(\w+\)s", spanish)) == sorted(re.findall(r"%\(\w+\)s", source))


@pytest.mark.parametrize(
    ("place", "es", "en"),
    [
        (Place(line=7), "Línea 7", "Line 7"),
        (Place(line=7, to=9), "Líneas 7 a 9", "Lines 7 to 9"),
        (Place(sheet="PAAC", cell="B2"), "Hoja PAAC, celda B2", "Sheet PAAC, cell B2"),
        (Place(sheet="PAAC", cell="B2", to="B9"), "Hoja PAAC, celdas B2 a B9", "Sheet PAAC, cells B2 to B9"),
        (Place(sheet="PAAC"), "Hoja PAAC", "Sheet PAAC"),
        (Place(), "", ""),
    ],
)
def test_places(place: Place, es: str, en: str) -> None:
    assert (Renderer("es").place(place), Renderer("en").place(place)) == (es, en)


def test_a_hostile_text_is_not_read_as_our_words() -> None:
    error = Unreadable("own.other_family", None, family="%(wanted)s %d %s", wanted="<b>")
    assert Renderer("es").reason(error)[0] == "El archivo de Excel contiene un plan de la familia %(wanted)s %d %s, no <b>."


@pytest.mark.parametrize("lang", ["", "xx", "../../etc", "es-419", "EN"])
def test_any_language_tag_gives_words(lang: str) -> None:
    assert Renderer(lang).title("page.mark")


def test_fields_and_levels_have_their_familys_names() -> None:
    reading = read(made.f014(fills=False), "paac")
    words = Renderer("es", families.load("paac"))
    assert words.parameter("missing_fields", ["goal", "formula"]) == "meta y fórmula"
    assert words.parameter("levels", ["componente", "fila"]) == "componente y fila"
    assert all(words.why(one) and "%(" not in words.why(one) for one in reading.act.flagged)
