"""Fields of requests for a part of a list."""

from __future__ import annotations

from ckanext.cost_common.logic import Schema, optional
from ckanext.ogp_plan import config
from ckanext.ogp_plan.services.request_fields import whole

#: The farthest entry that a request may begin at.
FARTHEST = 10**9


def page(size: int | None = None) -> Schema:
    """``limit`` (default: the portal's page size, or ``size``) and ``offset``."""
    return {
        "limit": optional(whole(0, config.LARGEST_PAGE), config.page_size() if size is None else size),
        "offset": optional(whole(0, FARTHEST), 0),
    }


def whole_list() -> Schema:
    """As :func:`page`, of a short list: whole, unless less is asked for."""
    return page(config.LARGEST_PAGE)
