"""Every sentence of ours has its Spanish, and the Spanish keeps every parameter.

The sources are read as ``make i18n`` reads them (``babel.cfg``), so a string that is
marked but not translated fails here, whichever file it stands in. Templates are read by CKAN's own extractor.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages import frontend
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
#: the name changed in Babel 2.17; CKAN 2.11 pins an older one
parse_mapping = getattr(frontend, "parse_mapping_cfg", None) or frontend.parse_mapping
#: each plugin's catalogue → where its sources stand
DOMAINS = {
    "ckanext-cost_common": "ckanext/cost_common/",
    "ckanext-cost_oc4ids": "ckanext/cost_oc4ids/",
    "ckanext-ogp_plan": "ckanext/ogp_plan/",
}
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "ungettext": (1, 2),
    "nN_": (1, 2),
}
#: %(name)s, {name}, {name:spec}: what a translation has to carry over unchanged
PARAMETER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)[^{}]*\}")
#: Words that are the same in both languages, or names.
SAME_IN_BOTH = {
    "JSON",
    "CSV",
    "OC4IDS",
    "Error",
    "error",
    "OC4IDS 0.9.5: sector",
    # names of the law, and a word of it that both languages use here
    "Control Interno",
    ("{count} organismo", "{count} organismos"),
    "%(name)s (organismos: %(count)s)",
}


def is_of_sources(folder: str) -> bool:
    """Whether sources may be below a folder: what tools and builds leave at the top is not looked through."""
    path = Path(folder)
    return path.parent != ROOT or path.name == "ckanext"


@cache
def extracted() -> list[tuple[str, int, str | tuple[str, ...]]]:
    """Every marked string with the file and line where it stands."""
    with (ROOT / "babel.cfg").open() as mapping:
        method_map, options_map = parse_mapping(mapping)
    found = extract_from_dir(ROOT, method_map, options_map, keywords=KEYWORDS, directory_filter=is_of_sources)
    return [(filename, line, message) for filename, line, message, _comments, _context in found]


@cache
def source_strings(domain: str) -> dict[str | tuple[str, ...], str]:
    """Marked strings of a plugin → the first place each stands in (``file:line``)."""
    found: dict[str | tuple[str, ...], str] = {}
    for filename, line, message in extracted():
        if filename.startswith(DOMAINS[domain]):
            found.setdefault(message, f"{filename}:{line}")
    return found


@cache
def catalogue(domain: str, lang: str) -> Catalog:
    with (ROOT / "i18n" / lang / "LC_MESSAGES" / f"{domain}.po").open("rb") as po:
        return read_po(po, locale=lang)


def parameters(text: str) -> set[str]:
    return {name for pair in PARAMETER.findall(text) for name in pair if name}


def texts(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def test_sources_are_found() -> None:
    places = {place.split(":")[0].rsplit(".", 1)[-1] for place in source_strings("ckanext-cost_oc4ids").values()}
    assert places == {"py", "html"}, "the mapping no longer reads both code and templates"
    assert source_strings("ckanext-ogp_plan"), "the mapping no longer reads the second plugin"


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_source_string_has_spanish(domain: str) -> None:
    spanish = catalogue(domain, "es")
    missing = []
    for message, place in source_strings(domain).items():
        entry = spanish.get(message if isinstance(message, str) else message[0])
        if entry is None or entry.fuzzy or not all(texts(entry.string)):
            missing.append(f"{place}: {message!r}")
    assert not missing, f"{len(missing)} without Spanish:\n" + "\n".join(missing)


@pytest.mark.parametrize("domain", DOMAINS)
def test_spanish_keeps_the_parameters(domain: str) -> None:
    wrong = []
    for entry in catalogue(domain, "es"):
        if not entry.id or not entry.string:
            continue
        wanted = set().union(*map(parameters, texts(entry.id)))
        for text in texts(entry.string):
            if not parameters(text) <= wanted or (
                not isinstance(entry.id, tuple) and parameters(text) != wanted
            ):
                wrong.append(f"{entry.id!r} → {text!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("domain", DOMAINS)
def test_spanish_is_not_english_left_untranslated(domain: str) -> None:
    same = [
        entry.id
        for entry in catalogue(domain, "es")
        if entry.id
        and entry.string == entry.id
        and entry.id not in SAME_IN_BOTH
        and " " in str(entry.id)
    ]
    assert not same


@pytest.mark.parametrize("lang", ["es", "en"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_catalogue_has_nothing_that_is_no_longer_used(domain: str, lang: str) -> None:
    used = {m if isinstance(m, str) else m[0] for m in source_strings(domain)}
    stale = [e.id for e in catalogue(domain, lang) if e.id and texts(e.id)[0] not in used]
    assert not stale, f"run `make i18n`: {stale[:10]}"
