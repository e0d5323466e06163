"""Addresses of pages, tabs and QR codes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
import segno
from flask import current_app
from markupsafe import Markup

from ckanext.ogp_plan import urls


def ogp_plan_url(name: str) -> str:
    """The address of a plan's page."""
    return urls.url_of_plan(name)


def ogp_plan_item_url(plan: str, address: str) -> str:
    """The address of an item's page."""
    return urls.url_of_item(plan, address)


def ogp_plan_to(endpoint: str, **values: Any) -> str | None:
    """The address of a page of ours, or None where this portal does not have that page."""
    return tk.url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def ogp_plan_tabs(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """The pages of a plan that this person may open."""
    may = plan.get("may") or {}
    name = plan["name"]
    wanted = [
        ("items", tk._("What was promised"), "ogp_plan.read", True),
        ("changes", tk._("Changes"), "ogp_plan.changes", True),
        ("cuts", tk._("Cuts"), "ogp_plan.cuts", True),
        ("monitoring", tk._("Monthly monitoring"), "ogp_plan_report.monitoring", may.get("review")),
        ("import", tk._("Import"), "ogp_plan_import.new", may.get("import")),
        (
            "settings",
            tk._("Settings"),
            "ogp_plan.settings",
            may.get("settings") or may.get("roles") or may.get("grant") or may.get("publish_dataset"),
        ),
    ]
    made = []
    for tab, title, endpoint, allowed in wanted:
        url = ogp_plan_to(endpoint, plan=name) if allowed else None
        if url:
            made.append({"name": tab, "title": title, "url": url})
    return made


def ogp_plan_host(address: str | None) -> str:
    """The host of a web address, for saying where a link leads; empty for what is none."""
    try:
        return urlsplit(address or "").hostname or ""
    except ValueError:
        return ""


def ogp_plan_link(address: str | None) -> str:
    """An address that a link may have: http, https, or a page of this portal; anything else is empty."""
    if re.match(r"/[^/\\]", address or ""):
        return str(address)
    try:
        found = urlsplit(address or "")
    except ValueError:
        return ""
    return address or "" if found.scheme in ("http", "https") and found.hostname else ""


def ogp_plan_qr(address: str, title: str) -> Markup:
    """A QR of an address, as SVG for a page."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=2, title=title
    )
    # segno escapes the title; nothing else of the caller is in it
    return Markup(out.getvalue().decode("utf-8"))  # noqa: S704
