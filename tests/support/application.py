"""One CKAN application for all tests of a process: its plugins are loaded and it is built when it is first asked for.

Loading the plugins and building the application takes two seconds, and the first request to each page compiles its
templates once more. So neither is undone after a test; both are made anew only where a test asks for other plugins.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model, plugins
from ckan.lib import helpers as lib_helpers
from ckan.lib import search
from ckan.model import user
from ckan.plugins import core
from ckan.tests import helpers

from support import tables

#: Plugins with which the application was built → the application.
_BUILT: dict[tuple[str, ...], Any] = {}


def wanted() -> tuple[str, ...]:
    """Return the names of the plugins that the configuration lists now, in their order."""
    return tuple(tk.aslist(tk.config["ckan.plugins"]))


def load() -> None:
    """Load the plugins that the configuration lists, unless they and no others are loaded."""
    # CKAN 2.11 loads one of its own after those of the configuration
    own = set(find()) if (find := getattr(core, "find_system_plugins", None)) else set()
    if tuple(name for name in core._PLUGINS if name not in own) != wanted():
        # Blueprints, templates and translations are the application's: one built before serves no more.
        _BUILT.clear()
        plugins.load_all()


@contextlib.contextmanager
def loaded() -> Iterator[None]:
    """Within it, the plugins that the configuration lists are loaded; they stay so."""
    load()
    yield


def client() -> Any:
    """Return a client without cookies of the application with the plugins that are loaded."""
    load()
    names = wanted()
    if names not in _BUILT:
        _BUILT[names] = helpers._get_test_app()
        _count_no_news()
        # Of two thousand people nobody guesses passwords: one round instead of 25 000.
        user.pbkdf2_sha512 = user.pbkdf2_sha512.using(rounds=1)
        # What CKAN made stays for ever; the collector need not walk through it hundreds of times.
        gc.collect()
        gc.freeze()
    built = _BUILT[names]
    return helpers.CKANTestApp(built.app)


def _count_no_news() -> None:
    """Let the header of a person who signed in say that there is no news.

    CKAN counts the activities of all that a person follows, in a dozen statements, for each page: a seventh of the time
    of these tests, and no page of ours. The portal that is served to the browser tests counts them.
    """
    lib_helpers.helper_functions["new_activities"] = lambda: 0


@contextlib.contextmanager
def portal() -> Iterator[Any]:
    """CKAN with its plugins, an empty database and index, for a module of tests; gives the application.

    The tests of a module share what is in it and keep apart by organismos and projects of their own.
    Options are changed with ``monkeypatch.setitem(tk.config, …)``.
    """
    with loaded():
        tables.empty()
        search.clear_all()
        yield client()
        model.Session.remove()
