"""The words of letters: what is due, and the weekly digest. Plain text, in the language of who reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import ckan.plugins.toolkit as tk

from ckanext.ogp_plan.planning.words.i18n import N_, translator
from ckanext.ogp_plan.planning.words.phrases import format_day, format_number, light_name, translate

#: Duties listed in one letter; of the rest only the number is given.
MAX_DUTIES = 60

_HELLO = N_("Good day, %(name)s:")
_DUE = N_("This is due soon from the organismos you report for:")
_DUE_ON = N_("due on %(day)s")
_DUE_TODAY = N_("due today, %(day)s")
_WAS_DUE = N_("was due on %(day)s")
_NO_DAY = N_("without a date")
_STATE = N_("state: %(light)s")
_MORE = N_("And %(count)s more.")
_HOW = N_("Report what was done, what is missing and the evidence on the page of each one.")
_WHY = N_(
    "You receive this letter because you report for these organismos in the plans of %(site)s. Answers to "
    "this address are not read."
)
_STOP = N_("Here you can turn these letters off, or choose their language: %(url)s")
_DIGEST = N_("Your duties this week")
_DIGEST_HELLO = N_("This is the status of the duties of the organismos you report for:")
_LATE = N_("Late (%(count)s)")
_NEXT = N_("Due in the coming days (%(count)s)")
_NOTHING_LATE = N_("Nothing is late.")
_PAGE = N_("All of them: %(url)s")


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that is due from an organismo. ``due`` None: without a date."""

    organization: str
    plan: str
    code: str
    title: str
    url: str
    due: dt.date | None
    light: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, ready to be sent."""

    subject: str
    body: str


def write_due_letter(reader: str, duties: Sequence[Duty], today: dt.date, lang: str) -> Letter:
    """Return the letter of what is due soon; at least one duty."""
    first = min(duty.due for duty in duties if duty.due)
    subject = translator(lang).ngettext(
        "One duty is due: %(title)s (%(day)s)",
        "%(count)s duties are due, the first on %(day)s",
        len(duties),
    ) % {"count": len(duties), "day": format_day(first, lang), "title": _shorten(duties[0].title)}
    greeting = translate(_HELLO, lang, {"name": reader})
    parts = [greeting, translate(_DUE, lang, {}), *_format_duties(duties, today, lang)]
    return Letter(subject, _join_parts([*parts, translate(_HOW, lang, {}), *_footer(lang)]))


def write_digest(
    reader: str,
    late: Sequence[Duty],
    coming: Sequence[Duty],
    pages: Sequence[str],
    today: dt.date,
    lang: str,
) -> Letter:
    """Return the digest: what is late, and what is due next.

    :param pages: where all duties of each organismo are.
    """
    parts = [translate(_HELLO, lang, {"name": reader}), translate(_DIGEST_HELLO, lang, {})]
    if late:
        parts += [translate(_LATE, lang, {"count": len(late)}), *_format_duties(late, today, lang)]
    else:
        parts.append(translate(_NOTHING_LATE, lang, {}))
    if coming:
        parts += [translate(_NEXT, lang, {"count": len(coming)}), *_format_duties(coming, today, lang)]
    parts += [translate(_PAGE, lang, {"url": page}) for page in pages]
    return Letter(translate(_DIGEST, lang, {}), _join_parts([*parts, *_footer(lang)]))


def _format_duties(duties: Sequence[Duty], today: dt.date, lang: str) -> list[str]:
    lines = [_format_duty(duty, today, lang) for duty in duties[:MAX_DUTIES]]
    if len(duties) > MAX_DUTIES:
        lines.append(translate(_MORE, lang, {"count": format_number(len(duties) - MAX_DUTIES, lang)}))
    return lines


def _format_duty(duty: Duty, today: dt.date, lang: str) -> str:
    when = translate(_NO_DAY, lang, {})
    if duty.due:
        words = _DUE_TODAY if duty.due == today else _DUE_ON if duty.due > today else _WAS_DUE
        when = translate(words, lang, {"day": format_day(duty.due, lang)})
    if duty.light:
        when += "; " + translate(_STATE, lang, {"light": light_name(duty.light, lang).lower()})
    whose = f"{_single_line(duty.organization)}. {_single_line(duty.plan)}"
    return f"* {duty.code} {_single_line(duty.title)} ({when})\n  {whose}\n  {duty.url}"


def _footer(lang: str) -> list[str]:
    site = _single_line(str(tk.config.get("ckan.site_title") or tk.config.get("ckan.site_url")))
    why, stop = translate(_WHY, lang, {"site": site}), translate(_STOP, lang, {"url": _profile_url()})
    return ["-- ", f"{why}\n{stop}"]


def _profile_url() -> str:
    return str(tk.config["ckan.site_url"]).rstrip("/") + "/planes/mis-avisos"


def _join_parts(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _single_line(text: str) -> str:
    """A text in one line: what a title brings with it makes no headers and no lines of ours."""
    return " ".join(text.split())


def _shorten(text: str, limit: int = 80) -> str:
    line = _single_line(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
