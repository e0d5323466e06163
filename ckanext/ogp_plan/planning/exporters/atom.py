"""Atom feeds of what happened: to a plan, an item, an organismo, and of lights that changed.

Ids are the same on any host and for ever; ``updated`` is when it happened. An entry that was
corrected or returned stays and says so. Persons are never named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from feedgen.feed import FeedGenerator

from ckanext.ogp_plan.planning.exporters.view import View, clean_xml, stable
from ckanext.ogp_plan.planning.history import Change, Entry, LightChange, build_story
from ckanext.ogp_plan.planning.tracking import (
    Answer,
    Event,
    Evidence,
    Key,
    Measurement,
    Review,
    Update,
    Verdict,
)
from ckanext.ogp_plan.planning.words.i18n import N_
from ckanext.ogp_plan.planning.words.phrases import describe_entry

#: How many entries a feed has at most, the newest.
LONGEST = 100
#: What a feed of which nothing happened yet was updated at: its plan's beginning says nothing of news.
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_COUNTS_NOT = N_("It was corrected, withdrawn or returned later, and counts no more.")


@dataclass(frozen=True)
class Past:
    """What happened to a plan that its record does not hold: changes of the plan, and of lights, by item."""

    changes: Mapping[Key, Sequence[Change]] = field(default_factory=dict)
    lights: Mapping[Key, Sequence[LightChange]] = field(default_factory=dict)


def plan_feed(view: View, address: str, past: Past | None = None) -> bytes:
    """Return the news of a whole plan.

    :param address: where the feed itself is.
    """
    title = view.translate(N_("News of the plan: %(plan)s"), plan=view.plan.title or view.id)
    return _feed(view, ("feed",), title, address, view.addresses.plan(), _of_plan(view, past))


def item_feed(view: View, key: Key, address: str, past: Past | None = None) -> bytes:
    """Return the news of one item. :raises KeyError: the plan has none such."""
    item = view.items[key]
    title = view.translate(N_("News of %(item)s"), item=view.label(item))
    return _feed(view, ("feed", *key), title, address, view.addresses.item(key), _of_items(view, [key], past))


def organization_feed(
    organization: str, views: Sequence[View], address: str, pasts: Mapping[str, Past] | None = None
) -> bytes:
    """Return the news of all that an organismo owes, over several plans (in one language; at least one).

    :param pasts: plan → what happened to it.
    :raises ValueError: there is no plan.
    """
    if not views:
        raise ValueError("a feed needs at least one plan")
    first = views[0]
    found: list[_News] = []
    for view in views:
        keys = [item.key for item in view.plan.items if view.assigned(item, organization)]
        found += _of_items(view, keys, (pasts or {}).get(view.id), organization)
    title = first.translate(
        N_("News of the duties of %(organization)s"), organization=first.called(organization)
    )
    page = first.addresses.organization(organization)
    return _feed(first, ("organization", organization), title, address, page, found, shared=True)


def lights_feed(view: View, address: str, past: Past) -> bytes:
    """Return the lights of a plan that changed."""
    found = [news for news in _of_plan(view, past) if news.entry.kind == "light"]
    title = view.translate(N_("Lights that changed: %(plan)s"), plan=view.plan.title or view.id)
    return _feed(view, ("lights",), title, address, view.addresses.plan(), found)


@dataclass(frozen=True)
class _News:
    """One entry of a feed: what happened, to which item of which plan."""

    view: View
    key: Key
    entry: Entry

    @property
    def id(self) -> str:
        """The same for ever: by the item and the fact, or what changed and when.

        One fact is news of several items where it is the review of a report on them.
        """
        event = self.entry.event
        if event is not None:
            return self.view.stable("event", self.entry.kind, event.id, *self.key)
        return self.view.stable(
            self.entry.kind,
            *self.key,
            self.entry.code,
            self.entry.at.isoformat(),
            *_format_params(self.entry),
        )


def _format_params(entry: Entry) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(entry.params.items(), key=lambda pair: pair[0])]


def _of_plan(view: View, past: Past | None) -> list[_News]:
    return _of_items(view, [item.key for item in view.plan.items], past)


def _of_items(
    view: View, keys: Iterable[Key], past: Past | None, organization: str | None = None
) -> list[_News]:
    known = past or Past()
    found = []
    for key in keys:
        if not (key in view.events or key in known.changes or key in known.lights):
            continue
        for entry in build_story(view.part(key), key, known.changes.get(key, ()), known.lights.get(key, ())):
            if organization is None or entry.organization in (None, organization):
                found.append(_News(view, key, entry))
    return found


def _feed(
    view: View,
    name: Sequence[str],
    title: str,
    address: str,
    page: str,
    found: list[_News],
    *,
    shared: bool = False,
) -> bytes:
    feed = FeedGenerator()
    # of an organismo, not of the plan that happens to be first
    feed.id(stable(*name) if shared else view.stable(*name))
    feed.title(clean_xml(title))
    feed.link(href=address, rel="self", type="application/atom+xml")
    feed.link(href=page, rel="alternate", type="text/html")
    feed.language(view.lang)
    feed.generator("ckanext-ogp_plan")
    feed.author(name=clean_xml(view.called(view.plan.owner) or view.plan.title or view.id))
    newest = sorted(found, key=lambda news: (news.entry.at, news.id), reverse=True)[:LONGEST]
    feed.updated(max((news.entry.at for news in newest), default=_NEVER))
    for news in newest:
        _entry(feed, news)
    return bytes(feed.atom_str(pretty=True))


def _entry(feed: FeedGenerator, news: _News) -> None:
    view, entry = news.view, news.entry
    item = view.items[news.key]
    element = feed.add_entry(order="append")
    element.id(news.id)
    words = _words(view, entry)
    element.title(clean_xml(f"{view.label(item)}: {words}")[:300])
    element.updated(entry.at)
    element.published(entry.at)
    element.link(href=view.addresses.item(news.key), rel="alternate", type="text/html")
    element.category(term=entry.kind)
    who = view.role(entry.role) if entry.role else view.called(entry.organization) or view.responsible(item)
    element.author(name=clean_xml(who or view.plan.title or view.id))
    text = [words, *_texts(entry.event), *([] if entry.counts else [view.translate(_COUNTS_NOT)])]
    element.content(clean_xml("\n".join(text)), type="text")


def _texts(event: Event | None) -> list[str]:
    """What was written with a fact, for those who read in the feed and nowhere else."""
    if isinstance(event, Update):
        found = [event.text, event.reason, event.obstacles, event.next_step]
    elif isinstance(event, Verdict):
        found = [event.rationale, event.recommendation]
    elif isinstance(event, Answer):
        found = [event.text]
    elif isinstance(event, Review):
        found = [event.reason]
    elif isinstance(event, Measurement):
        found = [event.comment, event.retracted]
    else:
        found = []
    return [text for text in found if text.strip()]


def _words(view: View, entry: Entry) -> str:
    """An entry in words; a withheld evidence by its own, which say no more than that it exists."""
    if isinstance(entry.event, Evidence) and entry.event.id in view.hidden:
        return view.proof(entry.event)
    return describe_entry(entry, view.lang)
