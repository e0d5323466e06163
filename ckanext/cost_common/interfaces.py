"""How plugins contribute to the frame that ``cost_common`` gives the portal's pages."""

from __future__ import annotations

from dataclasses import dataclass

import ckan.plugins as p


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of the portal's main menu.

    :param endpoint: the page's endpoint, such as ``ogp_plan.index``.
    :param title: its words, translated.
    :param blueprints: names of the blueprints on whose pages the entry is marked as the present one.
    :param weight: its place among the entries of all plugins: lighter first.
    """

    endpoint: str
    title: str
    blueprints: tuple[str, ...]
    weight: int = 50


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """A link in the bar of somebody who has signed in.

    :param endpoint: the page's endpoint.
    :param title: its words, translated.
    :param icon: the name of a Font Awesome icon, such as ``bell``.
    :param weight: its place among the entries of all plugins: lighter first.
    """

    endpoint: str
    title: str
    icon: str
    weight: int = 50


class ICostSections(p.Interface):
    """What a plugin contributes to pages that plugins share.

    Methods are called for each page, inside of a request: they translate their words and ask no
    database. Implement with ``p.implements(ICostSections, inherit=True)``.
    """

    def get_menu_entries(self) -> list[MenuEntry]:
        """Return the plugin's entries of the main menu."""
        return []

    def get_account_entries(self) -> list[AccountEntry]:
        """Return the plugin's links in the bar of somebody who has signed in."""
        return []

    def get_page_sections(self) -> dict[str, list[str]]:
        """Return the plugin's sections of shared pages.

        :returns: place → names of snippets, in their order. Places, and what their snippets are
            given: ``organization`` (the page of an organization: ``organization``, its dict).
        """
        return {}
