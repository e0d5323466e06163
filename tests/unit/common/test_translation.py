"""Translations and locales without CKAN."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from ckanext.cost_common import translation
from ckanext.cost_oc4ids.oc4ids import i18n as oc4ids_i18n
from ckanext.ogp_plan.planning.words import i18n as planning_i18n


@pytest.fixture(params=[oc4ids_i18n.DOMAIN, planning_i18n.DOMAIN])
def domain(request: pytest.FixtureRequest) -> str:
    """The domain of each plugin that has a pure package."""
    return str(request.param)


class TestTranslator:
    @pytest.fixture(autouse=True)
    def fresh(self) -> Iterator[None]:
        translation.translator.cache_clear()
        yield
        translation.translator.cache_clear()

    @pytest.fixture
    def package(self, domain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A package of its own with one Spanish message, as ``.po`` only."""
        messages = tmp_path / "i18n" / "es" / "LC_MESSAGES"
        messages.mkdir(parents=True)
        (messages / f"{domain}.po").write_text(
            'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
            '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
            'msgid "Error"\nmsgstr "Equivocación"\n\n'
            'msgid "%(n)d place"\nmsgid_plural "%(n)d places"\n'
            'msgstr[0] "%(n)d lugar"\nmsgstr[1] "%(n)d lugares"\n',
            encoding="utf-8",
        )
        monkeypatch.setattr(translation, "CATALOGUES", tmp_path / "i18n")
        return messages

    def test_a_bare_checkout_still_speaks_spanish(self, domain: str, package: Path) -> None:
        assert translation.translator(domain, "es").gettext("Error") == "Equivocación"
        assert (
            translation.translator(domain, "es_CO").ngettext("%(n)d place", "%(n)d places", 2)
            == "%(n)d lugares"
        )

    def test_the_built_catalogue_is_preferred(self, domain: str, package: Path) -> None:
        from babel.messages.mofile import write_mo

        with (package / f"{domain}.po").open("rb") as source:
            catalogue = read_po(source, locale="es")
        catalogue["Error"].string = "Error (compilado)"
        with (package / f"{domain}.mo").open("wb") as target:
            write_mo(target, catalogue)
        assert translation.translator(domain, "es-CO").gettext("Error") == "Error (compilado)"

    @pytest.mark.parametrize("lang", ["en", "fr", "", None, "../es", "es/../es", "..", "a" * 300])
    def test_any_other_language_is_the_source(self, domain: str, package: Path, lang: str | None) -> None:
        catalogue = translation.translator(domain, lang)
        assert type(catalogue) is gettext.NullTranslations
        assert catalogue.gettext("Error") == "Error"

    def test_the_shipped_catalogue_is_found(self, domain: str) -> None:
        """Spanish is there, built or not, and says something else than the source."""
        assert isinstance(translation.translator(domain, "es"), gettext.GNUTranslations)

    def test_marking_changes_nothing(self) -> None:
        assert translation.N_("A message") == "A message"


class TestLocale:
    @pytest.mark.parametrize(
        ("lang", "locale"),
        [
            ("es", "es_CO"),
            ("es-419", "es_419"),
            ("en", "en"),
            ("pt_BR", "pt_BR"),
            ("xx", "en"),
            ("../es", "en"),
            ("", "en"),
        ],
    )
    def test_a_language_means_a_country(self, lang: str, locale: str) -> None:
        assert str(translation.locale_of(lang)) == locale
