"""What OC4IDS says, read from ``schemas/oc4ids/<version>/``: structure, codes, and our names for both.

A pure reader: it validates nothing and knows no CKAN. Everything is read once a
process and kept; what is returned is shared and must not be changed. Nothing is
kept by a path or word that may come from an uploaded file.

Files of a version:

``project-schema.json``, ``project-package-schema.json``
    JSON Schema draft-04: structure and constraints, no prose.
``fields.csv``
    Our titles and descriptions, Spanish and English, one row a property of a
    definition (``Value.amount``, ``Project.title``, ``Package.uri``), and one
    row a full path (``budget/amount/amount``) where the place changes the
    plain meaning. An empty cell of a path's row falls back to the property's.
``codelists.yaml``, ``codelists/*.csv``
    Which lists are open, and each list's codes in the standard's order with
    our titles and descriptions. Countries and currencies carry only codes:
    their names are CLDR's, through Babel.
``aliases.yaml``
    Common wrong codes and field names, what was probably meant, and why.

Two namespaces of paths share one function: those of a project (578, as
``contractingProcesses/summary/contractValue/amount``) and those of the package
around it (``uri``, ``publisher/name``). No path is in both.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from ckanext.cost_common.shipped import SCHEMAS

from .types import SCHEMA_VERSION

if TYPE_CHECKING:
    from pathlib import Path

#: Languages our own titles and descriptions exist in; the first is what an unknown language gets.
LANGUAGES = ("en", "es")


@dataclass(frozen=True, slots=True)
class Field:
    """One property of the schema, at its place in the tree.

    ``path`` has no array indexes; ``key`` is the same property by definition
    (``Value.amount``), shared by all the places that use the definition.
    Constraints that the schema does not state are None.
    """

    path: str
    key: str
    parent: str
    name: str
    #: JSON types allowed, in the schema's order ("object" for a reference to a definition)
    types: tuple[str, ...]
    #: types of each item when this is an array, else empty
    item_types: tuple[str, ...] = ()
    #: definition that the value, or each item, is of: ``Value``, ``Period``, ``OrganizationReference``…
    definition: str | None = None
    format: str | None = None
    pattern: str | None = None
    #: name of the codelist (no ``.csv``) and whether it is open; both None without a codelist
    codelist: str | None = None
    open_codelist: bool | None = None
    #: values allowed by the schema itself, of the value or of each item
    enum: tuple[Any, ...] = ()
    #: the parent object may not be without it
    required: bool = False
    min_length: int | None = None
    #: of each item, when this is an array of text
    item_min_length: int | None = None
    min_items: int | None = None
    #: of the object, or of each item when this is an array of objects
    min_properties: int | None = None
    minimum: float | None = None
    unique_items: bool = False
    is_array: bool = False
    #: nothing is below it in the schema
    leaf: bool = True


@dataclass(frozen=True, slots=True)
class Codelist:
    """A list of codes, in the standard's order.

    ``titles`` and ``descriptions`` map language, then code, to our words;
    a code without description is absent.
    """

    name: str
    open: bool
    codes: tuple[str, ...]
    titles: Mapping[str, Mapping[str, str]]
    descriptions: Mapping[str, Mapping[str, str]]
    _set: frozenset[str]

    def __contains__(self, code: object) -> bool:
        return code in self._set

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Alias:
    """What somebody who wrote a wrong code or field name probably meant.

    ``to`` is the right code, or the right field's name (or path under the same
    parent, ``period/endDate``). ``reason`` maps language to one sentence, and
    is empty when the mistake explains itself.
    """

    to: str
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Aliases:
    """Known mistakes, keyed by :func:`normalise` of what was written.

    ``codes``: codelist name → written → Alias. ``fields``: path of the parent
    (``""`` for the project itself, ``package`` for the package, ``*`` for
    anywhere) → written → Alias.
    """

    codes: Mapping[str, Mapping[str, Alias]]
    fields: Mapping[str, Mapping[str, Alias]]
    _paths: frozenset[str]

    def code(self, codelist: str, written: str) -> Alias | None:
        """The alias for a value found where a code of ``codelist`` belongs, or None."""
        return self.codes.get(codelist, {}).get(normalise(written))

    def field(self, parent: str, written: str) -> Alias | None:
        """The alias for a field name found under the path ``parent``, or None.

        What is known of anywhere is used only where ``parent`` has such a field.
        """
        key = normalise(written)
        own = self.fields.get(parent, {}).get(key)
        if own:
            return own
        general = self.fields.get("*", {}).get(key)
        if general and (f"{parent}/{general.to}" if parent else general.to) in self._paths:
            return general
        return None


def normalise(written: str) -> str:
    """Lower case, without accents, and without anything that is not a letter or digit.

    Makes ``En ejecución``, ``en_ejecucion`` and ``EnEjecucion`` the same key.
    """
    decomposed = unicodedata.normalize("NFKD", written).casefold()
    return "".join(char for char in decomposed if char.isalnum())


def read_yaml(text: str) -> Any:
    """A data file of ours, by the compiled reader where there is one: ten times faster at every start."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def _root() -> Path:
    return SCHEMAS / "oc4ids"


def _open(version: str, *name: str) -> str:
    """Text of one data file. :raises KeyError: when there is no such version."""
    if version not in versions():
        raise KeyError(f"No OC4IDS version {version!r} here; there is {', '.join(versions())}")
    return (_root() / version).joinpath(*name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def versions() -> tuple[str, ...]:
    """Versions of OC4IDS that are shipped, oldest first."""
    found = [entry.name for entry in _root().iterdir() if entry.is_dir() and entry.name[:1].isdigit()]
    return tuple(sorted(found, key=lambda name: [int(part) for part in name.split(".")]))


@lru_cache(maxsize=8)
def project_schema(version: str = SCHEMA_VERSION) -> dict[str, Any]:
    """JSON Schema (draft-04) of one project. Shared: do not change it."""
    return json.loads(_open(version, "project-schema.json"))


@lru_cache(maxsize=8)
def package_schema(version: str = SCHEMA_VERSION) -> dict[str, Any]:
    """JSON Schema (draft-04) of a package; its ``projects`` refer to the project schema by its ``id``."""
    return json.loads(_open(version, "project-package-schema.json"))


# -- fields ----------------------------------------------------------------------------------------


def _types(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Types of a node as a tuple; a bare ``$ref`` points at an object in every version of OC4IDS."""
    stated = node.get("type", "object" if "$ref" in node or "properties" in node else ())
    return (stated,) if isinstance(stated, str) else tuple(stated)


def _walk(
    schema: Mapping[str, Any], node: Mapping[str, Any], root: str, key: str = "", path: str = ""
) -> Iterator[Field]:
    """Every property under ``node``, parents before children, references followed, arrays collapsed."""
    required = set(node.get("required", ()))
    for name, stated in node.get("properties", {}).items():
        item = stated.get("items", {}) if "array" in _types(stated) else {}
        inner = item or stated
        definition = inner["$ref"].rsplit("/", 1)[-1] if inner.get("$ref", "").startswith("#") else None
        target = schema["definitions"][definition] if definition else inner
        here = f"{path}/{name}" if path else name
        here_key = f"{key or root}.{name}"
        codelist = stated.get("codelist")
        yield Field(
            path=here,
            key=here_key,
            parent=path,
            name=name,
            types=_types(stated),
            item_types=_types(item),
            definition=definition,
            format=stated.get("format"),
            pattern=stated.get("pattern"),
            codelist=codelist.removesuffix(".csv") if codelist else None,
            open_codelist=stated.get("openCodelist"),
            enum=tuple(inner.get("enum", ())),
            required=name in required,
            min_length=stated.get("minLength"),
            item_min_length=item.get("minLength"),
            min_items=stated.get("minItems"),
            min_properties=target.get("minProperties"),
            minimum=stated.get("minimum"),
            unique_items=stated.get("uniqueItems", False),
            is_array=bool(item),
            leaf="properties" not in target,
        )
        yield from _walk(schema, target, root, definition or here_key, here)


@lru_cache(maxsize=8)
def fields(version: str = SCHEMA_VERSION) -> Mapping[str, Field]:
    """Every property of a project by its path without indexes, parents before children."""
    schema = project_schema(version)
    return MappingProxyType({field.path: field for field in _walk(schema, schema, "Project")})


@lru_cache(maxsize=8)
def package_fields(version: str = SCHEMA_VERSION) -> Mapping[str, Field]:
    """Every property of the package around the projects (``uri``, ``publisher/name``, ``projects``…)."""
    schema = package_schema(version)
    return MappingProxyType({field.path: field for field in _walk(schema, schema, "Package")})


def field(path: str, version: str = SCHEMA_VERSION) -> Field | None:
    """The project's or the package's property at ``path``, or None."""
    return fields(version).get(path) or package_fields(version).get(path)


@lru_cache(maxsize=64)
def paths_of(definition: str, version: str = SCHEMA_VERSION) -> tuple[str, ...]:
    """Paths whose value, or whose items, are of a definition (``Value``: 21, ``Period``: 18…)."""
    return tuple(path for path, found in fields(version).items() if found.definition == definition)


@lru_cache(maxsize=8)
def _families(version: str) -> Mapping[str, tuple[Field, ...]]:
    families: dict[str, list[Field]] = {}
    for found in fields(version).values():
        families.setdefault(found.parent, []).append(found)
    return MappingProxyType({parent: tuple(family) for parent, family in families.items()})


def children(path: str, version: str = SCHEMA_VERSION) -> tuple[Field, ...]:
    """Properties right under a project's path (``""``: the project itself), in the schema's order."""
    return _families(version).get(path, ())


# -- names of fields -------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def field_words(version: str = SCHEMA_VERSION) -> Mapping[str, Mapping[str, str]]:
    """``fields.csv`` as it is: key or path → row. For tests and for who edits the words."""
    rows = csv.DictReader(io.StringIO(_open(version, "fields.csv")))
    return MappingProxyType({row["key"]: MappingProxyType(row) for row in rows})


def _language(lang: str | None) -> str:
    """Our language for a tag such as ``es_CO`` or ``es-419``; English for any other."""
    base = (lang or "").replace("_", "-").split("-")[0].lower()
    return base if base in LANGUAGES else LANGUAGES[0]


def _words(path: str, column: str, version: str) -> str:
    words = field_words(version)
    found = field(path, version)
    if found is None:
        return ""
    return words.get(path, {}).get(column) or words.get(found.key, {}).get(column) or ""


def label(path: str, lang: str | None = None, version: str = SCHEMA_VERSION) -> str:
    """Our title of a field. An unknown language gets English; an unknown path is returned as it came."""
    return _words(path, f"title_{_language(lang)}", version) or path


def description(path: str, lang: str | None = None, version: str = SCHEMA_VERSION) -> str:
    """What a field is for, in a sentence or two; empty for an unknown path."""
    return _words(path, f"description_{_language(lang)}", version)


# -- codelists -------------------------------------------------------------------------------------


def _cldr(kind: str, codes: tuple[str, ...], lang: str) -> dict[str, str]:
    """Names of countries (``territories``) or currencies by CLDR, first letter upper case."""
    from babel import Locale  # noqa: PLC0415 - dear to load, and only needed for words

    names = getattr(Locale.parse(lang), kind)
    return {code: names[code][:1].upper() + names[code][1:] for code in codes if code in names}


class _ByLanguage(Mapping[str, Mapping[str, str]]):
    """Words of each of our languages, made when first asked for."""

    def __init__(self, make: Callable[[str], dict[str, str]]) -> None:
        self._make = make
        self._made: dict[str, Mapping[str, str]] = {}

    def __getitem__(self, lang: str) -> Mapping[str, str]:
        if lang not in LANGUAGES:
            raise KeyError(lang)
        if lang not in self._made:
            self._made[lang] = MappingProxyType(self._make(lang))
        return self._made[lang]

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)


def _codelist(version: str, name: str, about: Mapping[str, Any]) -> Codelist:
    rows = list(csv.DictReader(io.StringIO(_open(version, "codelists", f"{name}.csv"))))
    codes = tuple(row["code"] for row in rows)

    def titles(lang: str) -> dict[str, str]:
        own = {row["code"]: row[f"title_{lang}"] for row in rows if row.get(f"title_{lang}")}
        if "cldr" in about:
            own = about.get("names", {}).get(lang, {}) | _cldr(about["cldr"], codes, lang) | own
        return own

    def descriptions(lang: str) -> dict[str, str]:
        return {row["code"]: row[f"description_{lang}"] for row in rows if row.get(f"description_{lang}")}

    return Codelist(
        name=name,
        open=about["open"],
        codes=codes,
        titles=_ByLanguage(titles),
        descriptions=_ByLanguage(descriptions),
        _set=frozenset(codes),
    )


@lru_cache(maxsize=8)
def codelists(version: str = SCHEMA_VERSION) -> Mapping[str, Codelist]:
    """Every codelist by name (no ``.csv``)."""
    about = read_yaml(_open(version, "codelists.yaml"))
    return MappingProxyType({name: _codelist(version, name, entry) for name, entry in about.items()})


def code_title(codelist: str, code: str, lang: str | None = None, version: str = SCHEMA_VERSION) -> str:
    """Our title of a code. An unknown language gets English; an unknown list or code, the code itself."""
    found = codelists(version).get(codelist)
    return found.titles[_language(lang)].get(code, code) if found else code


def code_description(codelist: str, code: str, lang: str | None = None, version: str = SCHEMA_VERSION) -> str:
    """What a code means; empty for an unknown one and for countries and currencies."""
    found = codelists(version).get(codelist)
    return found.descriptions[_language(lang)].get(code, "") if found else ""


# -- aliases ---------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def aliases(version: str = SCHEMA_VERSION) -> Aliases:
    """Known wrong codes and field names of this version."""
    data = read_yaml(_open(version, "aliases.yaml"))
    reasons = data["reasons"]

    def read(table: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Alias]]:
        return MappingProxyType({place: MappingProxyType(one(entries)) for place, entries in table.items()})

    def one(entries: Mapping[str, Any]) -> dict[str, Alias]:
        found: dict[str, Alias] = {}
        for written, meant in entries.items():
            to, reason = (meant, None) if isinstance(meant, str) else (meant["to"], meant["reason"])
            found[normalise(written)] = Alias(to, MappingProxyType(reasons[reason] if reason else {}))
        return found

    package = (f"package/{path}" for path in package_fields(version))
    return Aliases(read(data["codes"]), read(data["fields"]), frozenset((*fields(version), *package)))
