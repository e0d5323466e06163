"""News as Atom and duties as iCalendar: valid for kept parsers, with ids and numbers that behave."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from support import plan_records as made
from support import sampling

from ckanext.ogp_plan.planning.exporters import atom, ical
from ckanext.ogp_plan.planning.exporters.view import View
from ckanext.ogp_plan.planning.history import Change, LightChange
from ckanext.ogp_plan.planning.tracking import Record, Review, Update
from ckanext.ogp_plan.planning.types import ChangeKind, Declared, PlanChange

FEED = "https://datos.example/noticias.atom"
NS = {"a": "http://www.w3.org/2005/Atom"}
ROW = ("fila", "1.1.1#2")


def entries(content: bytes) -> list[dict[str, Any]]:
    """The entries of a feed, after looking that it is one (RFC 4287: what a feed and an entry must have)."""
    root = etree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    assert len(root.findall("a:id", NS)) == len(root.findall("a:title", NS)) == len(root.findall("a:updated", NS)) == 1
    assert root.xpath("count(a:link[@rel='self'])", namespaces=NS) == 1
    found = []
    for one in root.findall("a:entry", NS):
        assert one.find("a:author/a:name", NS).text
        assert one.xpath("count(a:link[@rel='alternate' or not(@rel)])", namespaces=NS) == 1
        found.append({name: one.findtext(f"a:{name}", namespaces=NS) for name in ("id", "title", "updated", "content")} | {"kind": one.find("a:category", NS).get("term")})
    ids = [entry["id"] for entry in found]
    assert len(ids) == len(set(ids)) and all(entry_id.startswith("urn:uuid:") for entry_id in ids)
    moments = [dt.datetime.fromisoformat(entry["updated"]) for entry in found]
    assert moments == sorted(moments, reverse=True) and all(moment.tzinfo for moment in moments)
    if moments:
        assert dt.datetime.fromisoformat(root.findtext("a:updated", namespaces=NS)) == moments[0]
    return found


def past() -> atom.Past:
    return atom.Past(
        {ROW: [Change(made.at(2, 2), 2, PlanChange(ChangeKind.CHANGED, *ROW, "schedule.due", "2026-06-30", "2026-12-28"), "Acta 3", "Lluvias")]},
        {ROW: [LightChange(made.at(8, 1), "en_curso", "en_riesgo", ("R5",))], ("fila", "2.1"): [LightChange(made.at(7, 15), None, "en_riesgo", ("manual",))]},
    )  # fmt: skip


def test_a_plans_news() -> None:
    found = entries(atom.plan_feed(made.view(), FEED, past()))
    kinds = {entry["kind"] for entry in found}
    assert {"update", "measurement", "evidence", "verdict", "answer", "change", "light"} <= kinds
    returned = next(entry for entry in found if "Texto devuelto" in entry["content"])
    assert returned["content"].count("\n") >= 1
    text = " ".join(entry["content"] for entry in found)
    assert "Se revisó y se publicó" in text and "Hay pocos talleres." in text and "<script>" in text


def test_an_items_and_an_organismos_news_have_the_same_ids() -> None:
    plan = {entry["id"] for entry in entries(atom.plan_feed(made.view(), FEED, past()))}
    item = {entry["id"] for entry in entries(atom.item_feed(made.view(), ROW, FEED, past()))}
    own = entries(atom.organization_feed("dagma", [made.view()], FEED, {"paac-2026": past()}))
    assert item and item < plan and {entry["id"] for entry in own} < plan
    assert "Versión corregida" not in " ".join(entry["content"] for entry in own)  # another organismo's
    assert "Lluvias" in " ".join(entry["content"] for entry in own)


def test_lights_that_changed() -> None:
    found = entries(atom.lights_feed(made.view(), FEED, past()))
    assert [entry["kind"] for entry in found] == ["light", "light"]
    assert entries(atom.lights_feed(made.view(), FEED, atom.Past())) == []


def test_ids_stay_when_time_and_host_change() -> None:
    one = [entry["id"] for entry in entries(atom.plan_feed(made.view(), FEED, past()))]
    other = made.view(today=dt.date(2026, 12, 1), host="https://otro.example", lang="en")
    assert [entry["id"] for entry in entries(atom.plan_feed(other, FEED, past()))] == one


def test_the_same_facts_are_the_same_bytes() -> None:
    assert atom.plan_feed(made.view(), FEED, past()) == atom.plan_feed(made.view(), FEED, past())
    assert ical.plan_calendar(made.view()) == ical.plan_calendar(made.view(today=dt.date(2026, 9, 2)))


def test_the_review_of_a_report_on_several_items_is_news_of_each() -> None:
    record = made.record()
    keys = [ROW, ("fila", "2.1")]
    record.updates += [
        Update(id=f"w{number}", at=made.at(8, 20), item=key, text="Va", report="w") for number, key in enumerate(keys)
    ]
    record.reviews.append(Review(id="rw", at=made.at(8, 21), report="w", accepted=True))
    view = made.view(record)
    found = entries(atom.plan_feed(view, FEED))  # which looks that no id is there twice
    assert [entry["updated"] for entry in found if entry["kind"] == "review"].count(found[0]["updated"]) == 2
    of_items = {entry["id"] for key in keys for entry in entries(atom.item_feed(view, key, FEED))}
    assert of_items < {entry["id"] for entry in found}


def test_a_feed_is_not_endless() -> None:
    record = made.record()
    record.updates += [Update(id=f"n{number}", at=made.at(8, 20) + dt.timedelta(minutes=number), item=ROW, text=str(number)) for number in range(300)]
    found = entries(atom.plan_feed(made.view(record), FEED))
    assert len(found) == atom.LONGEST and found[0]["content"].endswith("299")


def test_nothing_happened() -> None:
    assert entries(atom.plan_feed(made.view(Record(made.paac())), FEED)) == []
    with pytest.raises(ValueError, match="plan"):
        atom.organization_feed("dagma", [], FEED)
    with pytest.raises(KeyError):
        atom.item_feed(made.view(), ("fila", "9.9"), FEED)


# --- calendars ----------------------------------------------------------------------------------


def tasks(content: bytes) -> dict[str, Any]:
    found = icalendar.Calendar.from_ical(content)
    assert found["version"] == "2.0" and not found.errors
    uids = [str(todo["uid"]) for todo in found.walk() if todo.name in ("VTODO", "VEVENT")]
    assert len(uids) == len(set(uids))
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    for one in found.walk("VTODO"):
        assert "due" in one and ("dtstart" not in one or one.decoded("dtstart") < one.decoded("due"))
        assert one["status"] in ("NEEDS-ACTION", "IN-PROCESS", "COMPLETED", "CANCELLED")
    return {str(todo["summary"]).split(" ")[0]: todo for todo in found.walk("VTODO")}


def test_a_plans_calendar() -> None:
    content = ical.plan_calendar(made.view(), published={dt.date(2026, 4, 30): dt.date(2026, 5, 15)})
    found = tasks(content)
    assert set(found) == {"1.1.1", "1.1.1#2", "2.1#2", "2.2"}  # 2.1 has no date
    done, shared = found["1.1.1"], found["1.1.1#2"]
    assert (done["status"], done["percent-complete"], done.decoded("due")) == ("COMPLETED", 100, dt.date(2026, 3, 31))
    assert done.decoded("completed") == made.at(3, 20)
    assert (shared["status"], shared["percent-complete"]) == ("IN-PROCESS", 50)
    assert found["2.2"]["status"] == "CANCELLED" and "percent-complete" not in found["2.1#2"]
    every = icalendar.Calendar.from_ical(content).walk("VEVENT")
    due = {str(event["summary"]): event for event in every if str(event["summary"]).startswith("Vence: ")}
    # a calendar that shows no tasks shows each of them all the same, on its day
    assert {name.removeprefix("Vence: "): event.decoded("dtstart") for name, event in due.items()} == {
        str(task["summary"]): task.decoded("due") for task in found.values()
    }
    cancelled = [event for event in due.values() if event["status"] == "CANCELLED"]
    assert [event["description"] for event in cancelled] == [found["2.2"]["description"]]
    assert all(event.decoded("dtend") - event.decoded("dtstart") == dt.timedelta(days=1) for event in due.values())
    events = [event for event in every if event not in due.values()]
    days = sorted(event.decoded("dtstart") for event in events)
    assert days == [dt.date(2026, 4, 30), dt.date(2026, 5, 15), dt.date(2026, 8, 31), dt.date(2026, 9, 14), dt.date(2026, 12, 31), dt.date(2027, 1, 18)]
    assert all(event.decoded("dtend") - event.decoded("dtstart") == dt.timedelta(days=1) for event in events)


def test_an_organismos_calendar_is_its_own() -> None:
    views = [made.view(), made.view(Record(made.ogp()), name="ogp-2026")]
    own, whole = tasks(ical.organization_calendar("datic", views)), tasks(ical.plan_calendar(views[0]))
    assert set(own) == {"1.1.1", "1.1.1#2", "2.2", "1.H1"}
    assert own["1.1.1#2"]["percent-complete"] == 50 and "1 " in own["1.1.1#2"]["description"]
    other = tasks(ical.organization_calendar("dagma", views))["1.1.1#2"]
    assert other["percent-complete"] == 100 and other["uid"] != own["1.1.1#2"]["uid"] != whole["1.1.1#2"]["uid"]
    with pytest.raises(ValueError, match="plan"):
        ical.organization_calendar("datic", [])


def sequence(view: View, code: str = "2.1#2") -> int:
    return int(tasks(ical.plan_calendar(view))[code]["sequence"])


def test_the_sequence_grows_with_each_change_and_the_uid_stays() -> None:
    key = ("fila", "2.1#2")
    record = made.record()
    seen, uids = [sequence(made.view(record))], {str(tasks(ical.plan_calendar(made.view(record)))["2.1#2"]["uid"])}
    steps: list[Any] = [
        lambda: record.updates.append(Update(id="s1", at=made.at(8, 21), item=key, state=Declared.ONGOING)),
        lambda: record.updates.append(Update(id="s2", at=made.at(8, 22), item=key, state=Declared.ONGOING, supersedes="s1")),
        lambda: record.reviews.append(Review(id="s3", at=made.at(8, 23), update="s2", accepted=False)),
        lambda: setattr(record, "version", 4),
        lambda: setattr(record, "plan", replace(record.plan, title="Otro título")) or setattr(record, "version", 5),
    ]
    for step in steps:
        step()
        view = made.view(record)
        seen.append(sequence(view))
        uids.add(str(tasks(ical.plan_calendar(view))["2.1#2"]["uid"]))
    assert seen == sorted(set(seen)) and len(uids) == 1
    assert sequence(made.view(record, host="https://otro.example")) == seen[-1]


hostile = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    ["a\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR", "x\nATTENDEE:mailto:a@b", "a;b,c:d\\n\\,", "]]>", "<a>&amp;</a>", "\ud800", "\x00\x1b", "ñ" * 200, "\u2028\u0085"]
)


@settings(max_examples=sampling.examples(60), deadline=None)
@given(hostile, hostile, st.none() | st.decimals(0, 100, places=3))
def test_no_text_breaks_a_feed_or_a_calendar(title: str, text: str, progress: Decimal | None) -> None:
    record = made.record()
    record.plan.title = title
    row = next(item for item in record.plan.items if item.key == ROW)
    row.title, row.fields["goal"] = f"fin {title}", text
    record.updates.append(Update(id="h", at=made.at(8, 30), item=ROW, text=text, progress=progress, obstacles=title))
    view = made.view(record)
    before = len(entries(atom.plan_feed(made.view(), FEED)))
    assert len(entries(atom.plan_feed(view, FEED))) == before + 1
    assert set(tasks(ical.plan_calendar(view))) == {"1.1.1", "1.1.1#2", "2.1#2", "2.2"}
    names = {todo.name for todo in icalendar.Calendar.from_ical(ical.plan_calendar(view)).walk()}
    assert names == {"VCALENDAR", "VTODO", "VEVENT"}
    assert b"\r\nATTENDEE" not in ical.plan_calendar(view)
