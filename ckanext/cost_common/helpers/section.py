"""What plugins contribute to the shared frame, for its templates."""

from __future__ import annotations

import ckan.plugins as p

from ckanext.cost_common.interfaces import AccountEntry, ICostSections
from ckanext.cost_common.response_headers import is_protected_page


def cost_menu() -> list[tuple[str, str, list[str]]]:
    """Return the main menu's entries of all plugins, as ``h.build_nav_main`` takes them."""
    entries = [
        entry for plugin in p.PluginImplementations(ICostSections) for entry in plugin.get_menu_entries()
    ]
    return [
        (entry.endpoint, entry.title, list(entry.blueprints))
        for entry in sorted(entries, key=lambda entry: entry.weight)
    ]


def cost_account_entries() -> list[AccountEntry]:
    """Return the links of all plugins in the bar of somebody who has signed in."""
    entries = [
        entry for plugin in p.PluginImplementations(ICostSections) for entry in plugin.get_account_entries()
    ]
    return sorted(entries, key=lambda entry: entry.weight)


def cost_sections(place: str) -> list[str]:
    """Return the names of all plugins' snippets for a place, in the order in which plugins are listed.

    :param place: one of those that :meth:`ICostSections.get_page_sections` names.
    """
    return [
        snippet
        for plugin in p.PluginImplementations(ICostSections)
        for snippet in plugin.get_page_sections().get(place, [])
    ]


def cost_is_protected_page() -> bool:
    """Return whether the page is one of the plugins' own, which carry a content security policy."""
    return is_protected_page()
