"""The chain of facts: whatever is done to a fact behind the program's back is found, and named."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from support.chain import extend

from ckanext.ogp_plan.planning import chain
from ckanext.ogp_plan.planning.chain import Entry, FindingKind, Head, KnownHead, StoredFact

PLAN = "7e0d6f0e-0000-4000-8000-000000000001"
START = Head(0, chain.first_hash(PLAN))


def moment(day: int) -> dt.datetime:
    return dt.datetime(2026, 3, day, 10, tzinfo=dt.timezone.utc)


def stored(number: int, **fields: Any) -> StoredFact:
    made = {
        "id": f"fact-{number}", "plan": PLAN, "sequence": number, "kind": "update", "level": "fila", "code": "1.1",
        "organization": "obras", "subject": None, "supersedes": None, "body": {"text": f"Se hizo {number}", "progress": "5.0"},
        "by": "user-1", "at": moment(number),
    }  # fmt: skip
    return StoredFact(**{**made, **fields})


def linked(facts: list[StoredFact], head: Head = START) -> list[tuple[Entry, StoredFact | None]]:
    entries = extend(head, [(fact, f"salt-{fact.id}") for fact in facts])
    return list(zip(entries, facts, strict=True))


def found(pairs: Any, outside: Any = (), known: Any = ()) -> set[tuple[str, int, str | None]]:
    verified = chain.verify(PLAN, pairs, outside, known)
    return {(one.kind.value, one.position, one.fact) for one in verified.findings}


FACTS = [stored(number) for number in range(1, 7)]


def head_at(pairs: Any, position: int) -> Head:
    return Head(position, pairs[position - 1][0].sha256)


class TestAnUntouchedChain:
    def test_nothing_is_found_and_its_head_is_the_last(self) -> None:
        pairs = linked(FACTS)
        known = [KnownHead(f"cut {n}", head_at(pairs, n), moment(n)) for n in (2, 4, 6)] + [KnownHead("begin", START)]
        verified = chain.verify(PLAN, pairs, (), known)
        assert (verified.findings, verified.head) == ([], head_at(pairs, 6))

    def test_of_no_facts_too(self) -> None:
        assert chain.verify(PLAN, [], (), [KnownHead("cut", START, moment(1))]).head == START

    def test_it_goes_on_where_it_ended(self) -> None:
        first = linked(FACTS[:3])
        pairs = first + linked(FACTS[3:], head_at(first, 3))
        assert [entry.sha256 for entry, _ in pairs] == [entry.sha256 for entry, _ in linked(FACTS)]

    def test_two_plans_have_no_chain_in_common(self) -> None:
        assert chain.first_hash(PLAN) != chain.first_hash("another")


class TestWhatIsDoneBehindTheProgramsBack:
    @pytest.mark.parametrize(
        "change",
        [
            {"body": {"text": "Otra cosa", "progress": "5.0"}}, {"body": {"text": "Se hizo 3", "progress": "5"}},
            {"body": {"text": "Se hizo 3", "progress": "5.0", "at_risk": True}}, {"at": moment(3) - dt.timedelta(microseconds=1)},
            {"by": "user-2"}, {"by": None}, {"code": "1.2"}, {"level": "hito"}, {"organization": "datic"}, {"kind": "answer"},
            {"supersedes": "fact-1"}, {"subject": "fact-1"}, {"plan": "another"}, {"sequence": 99},
        ],
    )  # fmt: skip
    def test_any_change(self, change: dict[str, Any]) -> None:
        pairs: list[Any] = linked(FACTS)
        pairs[2] = (pairs[2][0], dataclasses.replace(FACTS[2], **change))
        assert found(pairs) == {("changed", 3, "fact-3")}

    def test_a_fact_deleted(self) -> None:
        pairs: list[Any] = linked(FACTS)
        pairs[3] = (pairs[3][0], None)
        assert found(pairs) == {("deleted", 4, "fact-4")}

    def test_a_fact_deleted_with_its_entry(self) -> None:
        pairs = linked(FACTS)
        assert found(pairs[:3] + pairs[4:]) == {("deleted", 4, None)}

    def test_the_last_ones_deleted_with_their_entries(self) -> None:
        pairs = linked(FACTS)
        known = [KnownHead("cut", head_at(pairs, 6), moment(9)), KnownHead("check", head_at(pairs, 5))]
        assert found(pairs[:4]) == set(), "nobody kept a later head: nobody can know"
        assert found(pairs[:4], known=known) == {("deleted", 5, None), ("deleted", 6, None)}

    def test_a_fact_inserted(self) -> None:
        new = stored(7, id="new", at=moment(3) + dt.timedelta(hours=1))
        assert found(linked(FACTS), [new]) == {("inserted", 3, "new")}

    def test_a_fact_inserted_at_the_end_of_the_chain(self) -> None:
        pairs = linked(FACTS)
        known = [KnownHead("cut", head_at(pairs, 5), moment(5) + dt.timedelta(hours=1))]
        late = linked([stored(7, id="new", at=moment(2))], head_at(pairs, 6))
        assert found(pairs + late, known=known) == {("backdated", 7, "new")}

    def test_two_entries_exchanged(self) -> None:
        pairs: list[Any] = linked(FACTS)
        one, two = pairs[1], pairs[2]
        pairs[1] = (dataclasses.replace(two[0], position=2), two[1])
        pairs[2] = (dataclasses.replace(one[0], position=3), one[1])
        assert found(pairs) == {("moved", 2, "fact-3"), ("moved", 3, "fact-2")}

    def test_two_facts_exchanged(self) -> None:
        pairs: list[Any] = linked(FACTS)
        pairs[1], pairs[2] = (pairs[1][0], dataclasses.replace(FACTS[2], id="fact-2")), (pairs[2][0], dataclasses.replace(FACTS[1], id="fact-3"))
        assert found(pairs) == {("changed", 2, "fact-2"), ("changed", 3, "fact-3")}

    def test_a_fact_and_its_entry_changed_together(self) -> None:
        changed = dataclasses.replace(FACTS[2], by="somebody else")
        pairs = linked(FACTS)
        again = linked([*FACTS[:2], changed, *FACTS[3:]])
        assert found([*pairs[:2], again[2], *pairs[3:]]) == {("moved", 4, "fact-4")}

    def test_the_whole_chain_made_again(self) -> None:
        pairs = linked(FACTS)
        again = linked([*FACTS[:2], dataclasses.replace(FACTS[2], by="somebody else"), *FACTS[3:]])
        known = [KnownHead(f"cut {n}", head_at(pairs, n)) for n in (2, 5)]
        verified = chain.verify(PLAN, again, (), known)
        assert [(one.kind, one.position, one.fact, one.known_by) for one in verified.findings] == [
            (FindingKind.REWRITTEN, 5, "fact-5", "cut 5")
        ]


class TestWhatIsPublished:
    def test_anybody_computes_the_same_with_json_and_sha256_alone(self) -> None:
        entry, fact = linked(FACTS)[2]
        assert fact is not None

        def sha(value: Any) -> str:
            text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            return hashlib.sha256(text.encode()).hexdigest()

        shown, values = chain.hashed_fact(fact, entry.salt), chain.shown_values(fact, entry.salt, (), ())
        assert set(values) == {"text", "progress"} and set(shown["fields"]) == {"text", "progress", "by"}
        for name, one in values.items():
            assert shown["fields"][name] == sha({"field": name, "salt": one["salt"], "value": one["value"]})
        assert sha(shown) == entry.fact_sha256
        assert sha({"fact": entry.fact_sha256, "position": 3, "previous": entry.previous}) == entry.sha256
        assert "user-1" not in json.dumps([shown, values]) and entry.salt not in json.dumps([shown, values])

    def test_evidence_withheld_shows_that_it_is(self) -> None:
        secret = {"title": "Expediente 77", "url": "https://interno/77", "kind": "documento", "public": False, "withheld": "Reserva"}
        fact = stored(1, kind="evidence", body=secret)
        assert set(chain.shown_values(fact, "salt", (), ())) == {"public", "withheld"}
        # public when it was recorded, and withheld by a later fact
        open_ = stored(2, kind="evidence", body=secret | {"public": True, "withheld": ""})
        assert set(chain.shown_values(open_, "salt", ("fact-2",), ())) == {"public", "withheld"}
        assert set(chain.shown_values(open_, "salt", (), ())) == set(secret)
        check = stored(3, kind="check", subject="fact-1", body={"evidence": "fact-1", "detail": "https://interno/77"})
        assert chain.shown_values(check, "salt", ("fact-1",), ()) == {}

    def test_a_link_to_a_plan_that_is_not_public(self) -> None:
        fact = stored(1, kind="link", body={"kind": "depends_on", "other": ["fila", "2"], "plan": "draft"})
        assert chain.shown_values(fact, "salt", (), ("another",)) == {}
        assert set(chain.shown_values(fact, "salt", (), ("draft",))) == {"kind", "other", "plan"}

    def test_the_same_value_has_another_hash_in_another_fact(self) -> None:
        first, second = (chain.hashed_fact(fact, f"salt-{fact.id}")["fields"]["by"] for fact in FACTS[:2])
        assert first != second
