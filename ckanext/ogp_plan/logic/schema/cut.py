"""Requests about cuts."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional, required
from ckanext.ogp_plan.logic.schema.paging import whole_list
from ckanext.ogp_plan.logic.schema.plan import of_plan
from ckanext.ogp_plan.services.request_fields import choice, day, sha256, text

#: How an item counted at a cut.
ROW_STATES = ("fulfilled", "late", "pending", "later", "excluded")


def cut_list() -> Schema:
    """Fields of ``ogp_plan_cut_list``."""
    return {**of_plan(), **whole_list()}


def cut_publish() -> Schema:
    """Fields of ``ogp_plan_cut_publish``."""
    return {**of_plan(), "day": required(day)}


def cut_create() -> Schema:
    """Fields of ``ogp_plan_cut_create``."""
    return {**cut_publish(), "reason": optional(text(), "")}


def cut_verify() -> Schema:
    """Fields of ``ogp_plan_cut_verify``."""
    return {**cut_publish(), "sha256": optional(sha256)}


def cut_show() -> Schema:
    """Fields of ``ogp_plan_cut_show``."""
    return {**cut_verify(), "state": optional(choice(ROW_STATES)), **whole_list()}
