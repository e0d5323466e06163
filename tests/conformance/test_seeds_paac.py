"""Cali's PAAC 2022 as it was published, row by row."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest
from support.plans import as_json, lost
from support.seeds import seed

from ckanext.ogp_plan.planning import families
from ckanext.ogp_plan.planning.difference import difference
from ckanext.ogp_plan.planning.importers import Reading, read
from ckanext.ogp_plan.planning.types import Assignment, Item, ScheduleKind

NAME = "cali-paac-2022.txt"
#: Abbreviations of the fixture → organismo/unit, or group.
BODIES = {
    "SGO": "dadii/gestion-organizacional", "TRA": "dadii/tramites-servicios-y-gestion-documental",
    "TH": "dadii/talento-humano", "COM": "secretaria-de-gobierno/oficina-de-comunicaciones",
    "OAT": "secretaria-de-gobierno/oficina-asesora-de-transparencia", "DATIC": "datic",
    "SDTPC": "secretaria-de-desarrollo-territorial-y-participacion-ciudadana",
    "SBS": "secretaria-de-bienestar-social", "DACI": "control-interno", "DACDI": "control-disciplinario-interno",
    "PROC": "@procesos-2022", "LID": "@lideres-de-componente-2022", "PROCmat": "@procesos-con-materializaciones-2022",
    "ORG28": "@organismos-y-uae-2022", "ORG26": "@organismos-y-unidades-especiales-2022",
    "MIS18": "@organismos-misionales-2022", "NOMIS10": "@organismos-no-misionales-2022",
    "ORG14tr": "@organismos-centrales-con-tramites-2022", "ORGtr": "@organismos-responsables-de-tramites-2022",
    "ORGrac": "@organismos-con-plan-de-racionalizacion-2021", "ORGac": "@organismos-administracion-central-2022",
}  # fmt: skip
#: code(line) result responsible
ROWS = """
1.1.1(52) 1 SGO · 1.1.2(53) 1 SGO · 1.2.1(55) 100% PROC · 1.2.2(56) 100% PROC · 1.2.3(60) 100% PROC
1.3.1(62) 1 SGO · 1.3.2(63) 1 SGO · 1.3.3(64) 5 SGO · 1.3.4(65) 100% SGO · 1.3.5(66) 1 SGO · 1.3.6(67) 100% SGO
1.3.7(71) 4 SGO · 1.4.1(73) 11 PROC · 1.4.2(74) 11 LID · 1.5.1(76) 4 PROC · 1.5.2(77) 4 PROCmat · 1.5.3(78) 3 DACI
2.1(85) 1 TRA · 2.2(86) 100% ORG14tr · 2.2#2(87) 1 TRA · 2.3(88) 100% ORGrac · 2.3#2(89) 28 ORG14tr
2.4(90) 1 TRA · 2.4#2(91) 1 — · 2.4#3(92) 1 TRA+ORGtr · 2.5(93) 14 TRA
3.1.1(99) 56 ORG28 · 3.1.2(100) 56 ORG28 · 3.1.3(101) 56 ORG28 · 3.1.3#2(102) 56 ORG28 · 3.1.4(103) 5.000 COM
3.1.4#2(104) 2.200 COM · 3.1.4#3(105) 5.000 COM · 3.1.4#4(106) 700 COM · 3.1.4#5(107) 400 COM · 3.1.5(108) 2 COM
3.2.1(116) 1 COM · 3.2.1#2(117) 10 NOMIS10 · 3.2.1#3(118) 18 MIS18 · 3.2.1#4(119) 10 NOMIS10 · 3.2.1#5(120) 18 MIS18
3.2.2(124) 1 TRA+COM · 3.2.3(125) 2 TRA+SDTPC · 3.2.4(126) 1 TRA+COM · 3.3.1(128) 4 TRA · 3.3.1#2(129) 56 ORG28
3.3.2(130) 56 ORG28 · 3.3.2#2(131) 100% ORG28 · 3.3.2#3(132) 2 TRA · 3.3.3(133) 3 TRA+SDTPC
4.2.1(142) 8 TRA · 4.2.2(143) 1 TRA · 4.2.2#2(144) — — · 4.2.3(145) 4 SDTPC · 4.2.3#2(146) 4 SDTPC · 4.2.3#3(147) 3 —
4.2.4(148) 5 SDTPC · 4.2.5(149) 1 SDTPC · 4.2.5#2(150) 2 — · 4.2.6(151) 1 SDTPC · 4.2.6#2(152) 1 —
4.3.1(157) 2 TRA · 4.3.2(158) 2 SDTPC · 4.3.2#2(159) 4 SDTPC · 4.4.1(161) 3 TRA · 4.4.2(162) 26 TRA+ORG26
4.4.3(163) 104 ORG26 · 4.4.3#2(164) — — · 4.5.1(166) 4 SDTPC+TRA · 4.5.1#2(167) 3 SDTPC · 4.5.1#3(168) 3 TRA
4.5.2(169) 2 SDTPC
5.1.1(196) 1 DATIC+COM+OAT · 5.1.2(197) 100% ORGac · 5.1.3(198) 100% ORGac · 5.1.4(199) 100% OAT+COM · 5.1.5(203) 1 OAT
5.1.6(204) 1 OAT · 5.2.1(206) 1 TRA · 5.3.1(208) 1 TRA · 5.3.2(209) 1 TRA · 5.4.1(211) 100% SBS+OAT · 5.4.2(212) 100% DATIC
5.4.3(213) 1 DATIC
6.1(220) 1 DACDI · 6.2(221) 3 TH · 6.3(222) 6 TH
"""
FIXTURE = [
    (match[1], int(match[2]), match[3], match[4])
    for match in re.finditer(r"(\d[\d.]*(?:#\d)?)\((\d+)\) (\S+) (\S+)", ROWS)
]
#: What must be reported, and on which lines (§2.1, 1 to 16; 1 and 4 have tests of their own).
LINES = {
    "row.continuation": [87, 89, 91, 92, 102, 104, 105, 106, 107, 117, 118, 119, 120, 129, 131, 132, 144, 146, 147, 150, 152, 159, 164, 167, 168],
    "responsible.missing": [91, 144, 147, 150, 152, 164],
    "row.incomplete": [144],
    "row.only_description": [164],
    "code.with_title": [127, 156, 160, 165, 219],
    "code.missing": [84],
    "ordinal.missing": [75],
    "page.repeated": [173],
    "page.mark": [80, 110, 111, 135, 171, 190, 215, 224, 225],
    "heading.empty": [140],
    "goal.compound": [166],
    "goal.unit": [65, 213, 221, 222],
    "goal.no_number": [206],
    "formula.none": [196, 197, 198, 199, 203, 204, 206, 208, 209, 211, 212, 213],
    "formula.no_scale": [88],
    "text.copied": [74, 158],
    "formula.copied": [143],
    "row.conditional": [77, 131],
    "quota.without_group": [93],
    "number.ungrouped": [222],
    "cells.count": [95, 113, 154, 173],
}  # fmt: skip
#: Reported on these lines, and possibly on others.
SOME_LINES = {
    "number.thousands": [103, 104, 105],
    "number.zeros": [52, 62],
    "number.words_ignored": [62, 104],
    "text.old_year": [85, 88, 222],
    "text.later_year": [71],
    "responsible.separators": [166, 196, 211],
    "responsible.variant": [90],
    "term.spelling": [11, 85, 86, 87],
    "term.mixed": [100, 117],
}
HEADERS = [48, 58, 69, 82, 95, 113, 122, 137, 154, 173, 192, 201, 217]


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(seed(NAME), "paac", name=NAME)


def rows(reading: Reading) -> list[Item]:
    return [item for item in reading.plan.items if item.level == "fila"]


def body(one: Assignment) -> str:
    if one.group:
        return f"@{one.group}"
    return f"{one.organization}/{one.unit}" if one.unit else str(one.organization or one.unknown)


def lines(reading: Reading, kind: str) -> list[int]:
    act = reading.act
    found = [one.place.line for one in [*act.inherited, *act.flagged, *act.dropped] if one.kind == kind]
    return sorted(line for line in found if line is not None)


def test_the_fixture_is_whole() -> None:
    assert len(FIXTURE) == 87
    assert sum(code.count("#") for code, *_ in FIXTURE) == 25


def test_counts(reading: Reading) -> None:
    assert Counter(item.level for item in reading.plan.items) == {
        "componente": 6, "subcomponente": 17, "actividad": 62, "fila": 87,
    }  # fmt: skip
    assert reading.act.accepted == 87
    assert len(lines(reading, "row.continuation")) == 25
    assert len(lines(reading, "row.duplicate")) == 11
    per_component = Counter(item.code.split(".")[0] for item in rows(reading))
    assert [per_component[str(n)] for n in range(1, 7)] == [17, 9, 24, 22, 12, 3]


@pytest.mark.parametrize(("code", "line", "result", "responsible"), FIXTURE)
def test_row(reading: Reading, code: str, line: int, result: str, responsible: str) -> None:
    item = reading.plan.item("fila", code)
    assert item is not None
    assert item.place is not None and item.place.line == line
    assert item.fields.get("result", "—") == result
    expected = [] if responsible == "—" else [BODIES[name] for name in responsible.split("+")]
    assert [body(one) for one in item.assignments] == expected
    if result != "—":
        value = Decimal(result.rstrip("%").replace(".", ""))
        assert item.indicators[0].targets[0].value == value
        assert ("percentage" if "%" in result else "unit") == item.indicators[0].measure.value
    else:
        assert not any(one.target_text for one in item.indicators)


def test_rows_hang_from_their_number_and_it_from_its_heading(reading: Reading) -> None:
    for item in rows(reading):
        assert item.parent == ("actividad", item.code.split("#")[0])
        number = reading.plan.item("actividad", item.code.split("#")[0])
        assert number is not None and number.title and number.parent is not None
        assert number.code.startswith(f"{number.parent[1]}.")
    assert reading.plan.children(reading.plan.item("componente", "2"))[0].level == "actividad"
    assert not families.find_mismatches(reading.plan, families.load("paac"))


def test_months_are_undeclared_for_every_row(reading: Reading) -> None:
    assert {item.schedule.kind for item in rows(reading)} == {ScheduleKind.UNDECLARED}
    assert lines(reading, "schedule.undeclared") == sorted(line for _, line, *_ in FIXTURE)


@pytest.mark.parametrize("kind", LINES)
def test_anomaly_is_reported_on_these_lines_only(reading: Reading, kind: str) -> None:
    assert lines(reading, kind) == LINES[kind]


@pytest.mark.parametrize("kind", SOME_LINES)
def test_anomaly_is_reported_on_these_lines(reading: Reading, kind: str) -> None:
    assert set(SOME_LINES[kind]) <= set(lines(reading, kind))


def test_headers_are_left_out_on_all_thirteen_pages(reading: Reading) -> None:
    found = [one for one in reading.act.dropped if one.kind.startswith("header.")]
    assert [(one.place.line, one.place.to) for one in found] == [(line, line + 1) for line in HEADERS]


def test_pages_and_rows_out_of_their_columns_are_reported(reading: Reading) -> None:
    blocks = {one.place.line: (one.place.to, one.params["width"]) for one in reading.act.flagged if one.kind == "cells.count"}
    assert blocks == {95: (108, 22), 113: (120, 22), 154: (169, 22), 173: (188, 22)}
    shifted: dict[int, list[int]] = {}
    for one in reading.act.flagged:
        if one.kind == "row.shifted":
            shifted.setdefault(one.params["column"], []).append(one.place.line or 0)
    assert shifted[15] == [88, 89, 90, 91, 92, 93]
    assert shifted[18] == [102, 104, 105, 106, 107, 117, 118, 119, 120, 147, 150, 152, 159, 167, 168]
    in_place = {86, 87, 124, 125, 126, 128, 130, 133}
    shifted_lines = {line for found in shifted.values() for line in found}
    assert shifted_lines | in_place | {164} == {line for _, line, *_ in FIXTURE}
    assert not shifted_lines & in_place


def test_page_printed_twice_is_dropped_once(reading: Reading) -> None:
    assert lines(reading, "row.duplicate") == [176, 177, 178, 180, 181, 182, 183, 185, 186, 187, 188]
    assert lines(reading, "heading.duplicate") == [175, 179, 184]
    page = next(one for one in reading.act.flagged if one.kind == "page.repeated")
    assert (page.place.line, page.place.to) == (173, 190)


def test_quotas_of_groups(reading: Reading) -> None:
    sizes = {group.id: group.size for group in reading.plan.groups}
    owed = {}
    for item in rows(reading):
        for one in item.assignments:
            if one.group and one.own_target is not None:
                size = sizes[one.group]
                assert size is not None
                assert one.own_target * size == item.indicators[0].targets[0].value
                owed[item.code] = one.own_target
    assert owed["3.1.1"] == owed["2.3#2"] == 2 and owed["3.2.1#3"] == 1
    assert owed["4.4.2"] == 1 and owed["4.4.3"] == 4
    assert sum(any(one.group for one in item.assignments) for item in rows(reading)) == 26


def test_head_of_the_plan(reading: Reading) -> None:
    plan = reading.plan
    assert plan.title.startswith("PLAN ANTICORRUPTION")
    assert (plan.form_code, plan.version) == ("REDE01.05.02.P025.F014", "001")
    assert plan.start is not None and plan.end is not None
    assert (plan.start.isoformat(), plan.end.isoformat()) == ("2022-01-01", "2022-12-31")
    assert len(str(plan.fields["participants"]).splitlines()) == 7
    assert str(plan.fields["coordinator"]).startswith("Departamento Administrativo de Desarrollo")
    assert "Original Firmado" in str(plan.fields["plan_responsible"])


def test_ratios_are_split(reading: Reading) -> None:
    ratios = [item.place.line for item in rows(reading) if item.place and item.indicators and item.indicators[0].denominator]
    assert ratios == [86, 88, 131]


def test_nothing_is_lost(reading: Reading) -> None:
    assert lost(seed(NAME), reading) == []


def test_what_is_asked_is_not_applied_until_answered(reading: Reading) -> None:
    asked = {one.id: one for one in reading.act.asked}
    assert len(asked) == 7
    answers = {"responsible.missing:2.4#2": "inherit", "row.merged:4.4.3#2": "merge", "responsible.missing:4.2.6#2": "blank"}
    answered = read(seed(NAME), "paac", answers=answers)
    row, merged, blank = (answered.plan.item("fila", code) for code in ("2.4#2", "4.4.3#2", "4.2.6#2"))
    assert row and merged and blank
    assert [body(one) for one in row.assignments] == [BODIES["TRA"]]
    assert merged.fields["merged_with"] == "4.4.3" and "result" not in merged.fields
    assert not blank.assignments
    assert len(answered.act.asked) == 4 and len(answered.act.answered) == 3
    changes = difference(reading.plan, answered.plan)
    assert {(one.code, one.field) for one in changes} == {
        ("2.4#2", "assignments"), ("2.4#2", "fields.responsible"), ("4.4.3#2", "fields.merged_with"),
    }  # fmt: skip


def test_the_same_file_again_changes_nothing(reading: Reading) -> None:
    again = read(seed(NAME), "paac")
    assert difference(reading.plan, again.plan) == []
    assert as_json(again) == as_json(reading)


def test_a_corrected_file_is_a_list_of_changes(reading: Reading) -> None:
    corrected = seed(NAME).decode().replace("Mil (1000) colaboradores alcanzados", "Seis (6) jornadas realizadas")
    changes = difference(reading.plan, read(corrected, "paac").plan)
    assert {(one.level, one.code) for one in changes} == {("fila", "6.3")}
    assert {one.field for one in changes} == {"fields.goal", "indicators[6.3].targets"}
    goal = next(one for one in changes if one.field == "fields.goal")
    assert goal.before.startswith("Mil (1000)") and goal.after.startswith("Seis (6)")
