"""The knowledge shipped with the package: whole, in both languages, and readable without the official files."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from importlib.resources import files

import pytest
import yaml

from ckanext.cost_oc4ids.oc4ids import schema
from ckanext.cost_oc4ids.oc4ids.types import SCHEMA_VERSION

FOLDER = files("ckanext.cost_oc4ids") / "schemas" / "oc4ids" / SCHEMA_VERSION
COLUMNS = ["key", "title_es", "title_en", "description_es", "description_en"]
#: Lists whose names come from CLDR, where many are the same in both languages.
CLDR_LISTS = {"country", "currency"}
#: Own words that are the same in both languages: names, and words both languages share.
SAME_IN_BOTH = {"GeoNames", "Metal", "Actas", "Plywood"}
#: Frequent English words that are no Spanish words; one of them in a Spanish text is a leftover.
ENGLISH = set(
    re.findall(
        r"\w+",
        "the of and for with from that this these those which what whose when where by was were are is be been "
        "not or at to in on it its they their who how into have can may must should will other than "
        "project contract value date start end name description document party budget",
    )
)
#: Frequent Spanish words that are no English words.
SPANISH = set(
    re.findall(
        r"\w+",
        "el los las del al una unos unas que por para con sin según cuando donde como también está son fue ya "
        "más su sus este esta estos estas proyecto contrato valor fecha nombre código",
    )
)


def csv_files() -> Iterator[tuple[str, str]]:
    """Each CSV file of the version: name and text."""
    yield "fields.csv", (FOLDER / "fields.csv").read_text(encoding="utf-8")
    for entry in sorted((FOLDER / "codelists").iterdir(), key=lambda found: found.name):
        yield entry.name, entry.read_text(encoding="utf-8")


def own_words(lang: str) -> Iterator[tuple[str, str]]:
    """Every title and description of ours in a language: where it stands (ending in its kind) and its text."""
    for key, row in schema.field_words().items():
        for kind in ("title", "description"):
            if row[f"{kind}_{lang}"]:
                yield f"{key} {kind}", row[f"{kind}_{lang}"]
    for name, codelist in schema.codelists().items():
        if name not in CLDR_LISTS:
            yield from ((f"{name} {code} title", text) for code, text in codelist.titles[lang].items())
            yield from (
                (f"{name} {code} description", text) for code, text in codelist.descriptions[lang].items()
            )


def plain(text: str) -> set[str]:
    """Words of a text, codes quoted in it left out, and so are names in brackets."""
    return set(re.findall(r"[^\W\d_]+", re.sub(r"«[^»]*»|\"[^\"]*\"|\([^)]*\)", " ", text).casefold()))


class TestStructure:
    def test_versions(self) -> None:
        assert schema.versions() == ("0.9.5",)
        assert SCHEMA_VERSION in schema.versions()

    def test_an_unknown_version_is_named(self) -> None:
        with pytest.raises(KeyError, match=r"1\.1.*0\.9\.5"):
            schema.project_schema("1.1")

    def test_counts(self) -> None:
        found = schema.fields().values()
        assert len(found) == 578
        assert sum(field.leaf for field in found) == 448
        assert sum(field.required for field in found) == 33
        assert sum(field.codelist is not None for field in found) == 72
        assert len(schema.codelists()) == 36
        assert len(schema.package_fields()) == 11

    def test_a_field_knows_its_place(self) -> None:
        field = schema.fields()["contractingProcesses/summary/contractValue/amount"]
        assert (field.key, field.name, field.types) == ("Value.amount", "amount", ("number",))
        assert field.parent == "contractingProcesses/summary/contractValue"
        parent = schema.fields()[field.parent]
        assert (parent.definition, parent.types, parent.leaf) == ("Value", ("object",), False)
        assert [child.name for child in schema.children(field.parent)] == ["amount", "currency"]
        assert schema.fields()["parties/roles"].item_types == ("string",)
        assert schema.fields()["parties/roles"].is_array
        with pytest.raises(FrozenInstanceError):
            field.path = "x"  # type: ignore[misc]

    def test_every_parent_is_a_path(self) -> None:
        for found in (schema.fields(), schema.package_fields()):
            assert {field.parent for field in found.values()} <= {"", *found}

    def test_no_path_is_both_of_a_project_and_of_the_package(self) -> None:
        assert not schema.fields().keys() & schema.package_fields().keys()

    def test_the_fourteen_references_and_the_values(self) -> None:
        counts = {name: len(schema.paths_of(name)) for name in ("OrganizationReference", "Value", "Period")}
        assert counts == {"OrganizationReference": 14, "Value": 21, "Period": 18}

    def test_results_are_read_once(self) -> None:
        assert schema.fields() is schema.fields()
        assert schema.codelists() is schema.codelists()

    def test_codes_of_closed_lists_are_those_the_schema_enumerates(self) -> None:
        for field in schema.fields().values():
            if field.codelist:
                codelist = schema.codelists()[field.codelist]
                assert codelist.open == field.open_codelist, field.path
                if field.enum:
                    assert set(field.enum) == set(codelist.codes), field.path
                assert bool(field.enum) != codelist.open, field.path

    def test_needs_no_ckan(self) -> None:
        """Reading all the knowledge loads nothing of CKAN, Flask or SQLAlchemy."""
        program = (
            "import sys; from ckanext.cost_oc4ids.oc4ids import schema, i18n; schema.codelists(); schema.aliases(); "
            "schema.label('budget', 'es'); i18n.translator('es'); "
            "print([m for m in sys.modules if m.split('.')[0] in ('ckan', 'flask', 'sqlalchemy')])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class TestFiles:
    def test_csv_files_are_well_formed(self) -> None:
        for name, text in csv_files():
            rows = list(csv.reader(io.StringIO(text), strict=True))
            assert {len(row) for row in rows} == {len(rows[0])}, name
            assert not text.startswith("\ufeff") and "\r" not in text and text.endswith("\n"), name
            keys = [row[0] for row in rows[1:]]
            assert [key for key, times in Counter(keys).items() if times > 1] == [], name
            assert all(cell == cell.strip() and "  " not in cell for row in rows for cell in row), name

    def test_columns(self) -> None:
        for name, text in csv_files():
            header = next(csv.reader(io.StringIO(text)))
            if name == "fields.csv":
                assert header == COLUMNS
            elif name.removesuffix(".csv") in CLDR_LISTS:
                assert header == ["code"]
            else:
                assert header == ["code", *COLUMNS[1:]], name

    def test_each_row_of_words_names_something(self) -> None:
        """Every key is a property of a definition or a path; a path overrides, so a word must be given."""
        found = [*schema.fields().values(), *schema.package_fields().values()]
        keys, paths = {field.key for field in found}, {field.path for field in found}
        for key, row in schema.field_words().items():
            assert key in keys or key in paths, key
            assert (
                all(row[column] for column in COLUMNS) if key in keys else any(row[c] for c in COLUMNS[1:])
            ), key
        assert keys <= schema.field_words().keys()

    def test_lists_and_files_agree(self) -> None:
        assert {name.removesuffix(".csv") for name, _ in csv_files()} - {"fields"} == set(schema.codelists())


class TestWords:
    @pytest.mark.parametrize("lang", ["es", "en"])
    def test_every_path_is_labelled(self, lang: str) -> None:
        paths = [*schema.fields(), *schema.package_fields()]
        assert [path for path in paths if schema.label(path, lang) == path] == []
        assert [path for path in paths if not schema.description(path, lang)] == []

    @pytest.mark.parametrize("lang", ["es", "en"])
    def test_no_two_paths_have_one_label(self, lang: str) -> None:
        """A report names fields by their label alone."""
        times = Counter(schema.label(path, lang) for path in [*schema.fields(), *schema.package_fields()])
        assert [label for label, count in times.items() if count > 1] == []

    @pytest.mark.parametrize("lang", ["es", "en"])
    def test_every_code_is_titled(self, lang: str) -> None:
        for name, codelist in schema.codelists().items():
            assert list(codelist.titles[lang]) and set(codelist.titles[lang]) == set(codelist.codes), name
            if name not in CLDR_LISTS:
                assert set(codelist.descriptions[lang]) == set(codelist.codes), name

    @pytest.mark.parametrize("lang", ["es", "en"])
    def test_no_two_codes_of_a_list_have_one_title(self, lang: str) -> None:
        for name, codelist in schema.codelists().items():
            if name not in CLDR_LISTS:
                titles = list(codelist.titles[lang].values())
                assert len(titles) == len(set(titles)), name

    def test_spanish_is_not_english(self) -> None:
        same = [
            f"{key}: {row['title_es']}"
            for key, row in schema.field_words().items()
            if row["title_es"] and row["title_es"] == row["title_en"]
        ]
        same += [
            f"{key}: {row['description_es']}"
            for key, row in schema.field_words().items()
            if row["description_es"] and row["description_es"] == row["description_en"]
        ]
        assert same == []
        alike = {
            title
            for name, codelist in schema.codelists().items()
            if name not in CLDR_LISTS
            for code, title in codelist.titles["es"].items()
            if title == codelist.titles["en"][code]
        }
        assert alike <= SAME_IN_BOTH

    @pytest.mark.parametrize(("lang", "foreign"), [("es", ENGLISH), ("en", SPANISH)])
    def test_nothing_is_left_of_the_other_language(self, lang: str, foreign: set[str]) -> None:
        assert {where: found for where, text in own_words(lang) if (found := plain(text) & foreign)} == {}

    @pytest.mark.parametrize("lang", ["es", "en"])
    def test_typography(self, lang: str) -> None:
        """Titles are names, descriptions are sentences, and quotes are the language's own."""
        for where, text in own_words(lang):
            assert text.endswith(".") == where.endswith("description"), where
            assert text[:1].isupper() or text.startswith(("«", '"')) or not text[:1].isalpha(), where
            assert ('"' not in text) if lang == "es" else ("«" not in text), where
            assert text.count("«") == text.count("»") and text.count('"') % 2 == 0, where
            assert text.count("(") == text.count(")"), where

    def test_codes_quoted_in_both_languages_agree(self) -> None:
        """A description that quotes a code quotes the same one in the other language."""
        for key, row in schema.field_words().items():
            quoted_es = set(re.findall(r"«([\w./-]+)»", row["description_es"]))
            quoted_en = set(re.findall(r'"([\w./-]+)"', row["description_en"]))
            assert quoted_es ^ quoted_en <= {"UNCEFACT", "percent", "porcentaje"} or not quoted_en, key

    def test_context_changes_the_plain_meaning(self) -> None:
        assert schema.label("publicAuthority", "es") == "Entidad responsable del proyecto"
        assert schema.label("period/endDate", "es") == "Fecha de fin planeada del proyecto"
        assert schema.label("budget/amount/amount", "es") == "Monto del presupuesto del proyecto"
        contract = "contractingProcesses/summary/contractValue"
        assert schema.label(contract, "es") == "Valor del contrato"
        assert schema.label(f"{contract}/currency", "es") == "Moneda del contrato"
        # no words of its own at this path: those of Value.currency
        assert "COP" in schema.description(f"{contract}/currency", "es")

    def test_label_of_the_package(self) -> None:
        assert schema.label("publisher/name", "es") == "Nombre de quien publica"

    @pytest.mark.parametrize("lang", ["fr", "", None, "xx-YY", "../es"])
    def test_an_unknown_language_gets_english(self, lang: str | None) -> None:
        assert schema.label("budget", lang) == "Project budget"
        assert schema.code_title("projectStatus", "maintenance", lang) == "Operation and maintenance"

    @pytest.mark.parametrize("lang", ["es", "es_CO", "es-419", "ES"])
    def test_a_kind_of_spanish_is_spanish(self, lang: str) -> None:
        assert schema.label("budget", lang) == "Presupuesto del proyecto"
        assert schema.code_title("currency", "COP", lang) == "Peso colombiano"

    def test_what_is_unknown_comes_back_as_it_is(self) -> None:
        assert schema.label("parties/shoeSize", "es") == "parties/shoeSize"
        assert schema.label("", "es") == ""
        assert schema.description("parties/shoeSize", "es") == ""
        assert schema.code_title("projectStatus", "asleep", "es") == "asleep"
        assert schema.code_title("noSuchList", "x", "es") == "x"
        assert schema.code_description("noSuchList", "x", "es") == ""


class TestCodelists:
    def test_openness(self) -> None:
        lists = schema.codelists().values()
        assert sum(codelist.open for codelist in lists) == 20
        assert sum(not codelist.open for codelist in lists) == 16

    def test_membership_and_order(self) -> None:
        status = schema.codelists()["projectStatus"]
        assert "maintenance" in status and "completed" not in status
        assert list(status)[0] == "identification"
        assert len(status) == 8

    def test_countries_and_currencies_by_cldr(self) -> None:
        assert schema.code_title("country", "CO", "es") == "Colombia"
        assert schema.code_title("country", "DE", "es") == "Alemania"
        assert schema.code_title("currency", "USD", "en") == "US Dollar"
        # not in CLDR: named in codelists.yaml
        assert schema.code_title("currency", "ZWC", "es") == "Dólar de Rodesia"


class TestAliases:
    def test_each_leads_to_something_that_exists(self) -> None:
        lists, project, package = schema.codelists(), schema.fields(), schema.package_fields()
        for name, entries in schema.aliases().codes.items():
            assert {alias.to for alias in entries.values()} <= set(lists[name].codes), name
        for parent, entries in schema.aliases().fields.items():
            for written, alias in entries.items():
                if parent == "*":
                    assert alias.to in {field.name for field in project.values()}, written
                elif parent == "package":
                    assert alias.to in package, written
                else:
                    path = f"{parent}/{alias.to}".lstrip("/")
                    assert path in project or path in package, (parent, written)

    def test_none_contradicts_what_is_right(self) -> None:
        """No alias takes a right code, or a right name, for a mistake."""
        for name, entries in schema.aliases().codes.items():
            right = {schema.normalise(code): code for code in schema.codelists()[name].codes}
            assert {w: a.to for w, a in entries.items() if right.get(w, a.to) != a.to} == {}, name
        for parent, entries in schema.aliases().fields.items():
            if parent != "*":
                known = schema.package_fields() if parent in {"package", "publisher"} else schema.fields()
                place = "" if parent == "package" else parent
                right_names = {
                    schema.normalise(field.name) for field in known.values() if field.parent == place
                }
                assert not right_names & entries.keys(), parent

    def test_none_is_written_twice(self) -> None:
        data = yaml.safe_load((FOLDER / "aliases.yaml").read_text(encoding="utf-8"))
        for table in ("codes", "fields"):
            for place, entries in data[table].items():
                times = Counter(schema.normalise(written) for written in entries)
                assert [written for written, count in times.items() if count > 1 or not written] == [], place

    def test_reasons_are_complete_and_used(self) -> None:
        data = yaml.safe_load((FOLDER / "aliases.yaml").read_text(encoding="utf-8"))
        used = {
            meant["reason"]
            for table in ("codes", "fields")
            for entries in data[table].values()
            for meant in entries.values()
            if isinstance(meant, dict)
        }
        assert used == set(data["reasons"])
        for name, reason in data["reasons"].items():
            assert set(reason) == {"es", "en"}, name
            assert not plain(reason["es"]) & ENGLISH and not plain(reason["en"]) & SPANISH, name

    @pytest.mark.parametrize("written", ["completed", "Completed", "TERMINADO", "  terminado "])
    def test_a_finished_project_is_in_maintenance(self, written: str) -> None:
        alias = schema.aliases().code("projectStatus", written)
        assert alias and alias.to == "maintenance" and "0.9.4" in alias.reason["es"]

    @pytest.mark.parametrize(
        ("parent", "written", "meant"),
        [
            ("", "budgetBreakdown", "budget/budgetBreakdowns"),
            ("budget", "budgetBreakdown", "budgetBreakdowns"),
            ("parties", "role", "roles"),
            ("", "startDate", "period/startDate"),
            ("contractingProcesses", "suppliers", "summary/suppliers"),
            ("contractingProcesses/summary", "variations", "modifications"),
            ("package", "licence", "license"),
            ("parties/address", "Municipio", "locality"),
        ],
    )
    def test_fields(self, parent: str, written: str, meant: str) -> None:
        alias = schema.aliases().field(parent, written)
        assert alias and alias.to == meant

    def test_an_alias_is_suggested_only_where_it_fits(self) -> None:
        assert schema.aliases().field("budget", "municipio") is None
        assert schema.aliases().field("nowhere", "título") is None
        assert schema.aliases().code("noSuchList", "x") is None

    def test_normalise(self) -> None:
        forms = ("En ejecución", "en_ejecucion", "EnEjecucion", "EN-EJECUCIÓN", "en ejecucio\u0301n")
        assert {schema.normalise(form) for form in forms} == {"enejecucion"}
