"""Catalogues of both plugins: ``catalogues.py update`` and ``catalogues.py compile``.

``update`` extracts every string marked in code and templates of a plugin into ``i18n/<domain>.pot``, and
brings its ``es`` and ``en`` up to date without guessing. ``compile`` writes the ``.mo`` files. Run with a
Python that has CKAN, whose extractor reads the templates.
"""

from __future__ import annotations

import sys
from copy import deepcopy
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
#: Each plugin's domain → the folder of its package.
DOMAINS = {
    "ckanext-cost_common": "cost_common",
    "ckanext-cost_oc4ids": "cost_oc4ids",
    "ckanext-ogp_plan": "ogp_plan",
}
LANGUAGES = ("es", "en")
#: Which extractor reads which files.
MAPPING = ROOT / "babel.cfg"
KEYWORDS = {
    "_": None, "N_": None, "gettext": None, "ugettext": None, "lazy_gettext": None,
    "ngettext": (1, 2), "ungettext": (1, 2), "N_n": (1, 2),
    "pgettext": ((1, "c"), 2),
}  # fmt: skip
#: Comments beginning so are kept for translators.
COMMENTS = ("TRANSLATORS:",)
WIDTH = 110
HEADER = {
    "header_comment": "# ckanext-cost-oc4ids: the words of the plugins. AGPL-3.0-or-later, as the code.",
    "project": "ckanext-cost-oc4ids",
    "version": "0.1",
    "msgid_bugs_address": "",
    "last_translator": "CoST Cali",
    "language_team": "CoST Cali",
}


def catalogue_path(domain: str, language: str) -> Path:
    """Return the path of a language's catalogue."""
    return ROOT / "i18n" / language / "LC_MESSAGES" / f"{domain}.po"


def extract(domain: str) -> Catalog:
    """Return all marked strings of a plugin with the places where they stand."""
    package = ("ckanext", DOMAINS[domain])
    catalogue = Catalog(project="ckanext-cost-oc4ids", charset="utf-8", copyright_holder="CoST Cali")
    with MAPPING.open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, comment_tags=COMMENTS, strip_comment_tags=True,
        directory_filter=lambda folder: Path(folder).relative_to(ROOT).parts[:2] in (package[:1], package),
    )  # fmt: skip
    for name, _line, message, comments, context in found:
        # Files, not lines: a moved line is no change of the catalogue.
        catalogue.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return catalogue


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", project="ckanext-cost-oc4ids")
    with path.open("rb") as source:
        return read_po(source, locale=language, charset="utf-8", abort_invalid=True)


def _write(path: Path, catalogue: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(path.suffix + ".new")
    for field, value in HEADER.items():
        setattr(catalogue, field, value)
    with draft.open("wb") as target:
        write_po(
            target, catalogue, width=WIDTH, sort_output=True, include_previous=False, ignore_obsolete=True,
            no_location=True, omit_header=False,
        )  # fmt: skip
    draft.replace(path)


def _translate_moved(catalogue: Catalog, others: list[Catalog]) -> None:
    """Take over the translation of a string whose code moved here from another plugin."""
    for message in catalogue:
        if not message.id or _is_translated(message.string):
            continue
        known = (other.get(message.id, message.context) for other in others)
        message.string = next((each.string for each in known if each and each.string), message.string)


def update(domain: str, before_update: dict[tuple[str, str], Catalog]) -> int:
    """Bring a plugin's template and catalogues up to date; return how many strings lack a translation.

    :param before_update: the catalogues of all plugins as they were, by (domain, language).
    """
    template = extract(domain)
    template_path = ROOT / "i18n" / f"{domain}.pot"
    _keep_date(template, template_path)
    _write(template_path, template)
    missing = 0
    for language in LANGUAGES:
        path = catalogue_path(domain, language)
        catalogue = _read(path, language)
        before = catalogue.revision_date
        # update() takes the template's own messages: without a copy one language would fill in another
        catalogue.update(deepcopy(template), no_fuzzy_matching=True)
        catalogue.revision_date = before
        catalogue.fuzzy = False
        others = [each for key, each in before_update.items() if key[1] == language and key[0] != domain]
        _translate_moved(catalogue, others)
        if language == "en":
            _fill_english(catalogue)
        untranslated = [message for message in catalogue if message.id and not _is_translated(message.string)]
        for message in untranslated:
            places = ", ".join(place for place, _ in message.locations)
            print(f"{language}: not translated: {message.id!r} ({places})")
        missing += len(untranslated)
        _write(path, catalogue)
    print(f"{domain}: {len(template)} strings, {missing} without a translation")
    return missing


def _is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    if isinstance(string, (list, tuple)):
        return all(string)
    return bool(string)


def _fill_english(catalogue: Catalog) -> None:
    """English is the source: each string is its own translation."""
    for message in catalogue:
        if message.id:
            message.string = message.id if isinstance(message.id, str) else tuple(message.id)


def _keep_date(template: Catalog, path: Path) -> None:
    """Keep the earlier date, so that nothing changes when nothing has changed."""
    if path.exists():
        with path.open("rb") as source:
            template.creation_date = read_po(source).creation_date


def compile_all() -> None:
    """Write each ``.mo`` that is older than its ``.po``."""
    for po in sorted(ROOT.glob("i18n/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        catalogue = _read(po, po.parts[-3])
        draft = mo.with_suffix(".mo.new")
        with draft.open("wb") as target:
            write_mo(target, catalogue)
        draft.replace(mo)
        print(mo.relative_to(ROOT))


def main() -> int:
    """Do what the argument names."""
    what = sys.argv[1:]
    if what == ["update"]:
        before = {
            (domain, language): _read(catalogue_path(domain, language), language)
            for domain in DOMAINS
            for language in LANGUAGES
        }
        return 1 if sum([update(domain, before) for domain in DOMAINS]) else 0
    if what == ["compile"]:
        compile_all()
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
