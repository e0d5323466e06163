"""Fetching the file that a link leads to, as this portal is configured.

How it is done without danger: :mod:`ckanext.cost_common.http`. Here only hosts of a list are asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ckanext.cost_common import http
from ckanext.cost_common.http import REDIRECTS
from ckanext.cost_common.networks import Address
from ckanext.cost_oc4ids import config
from ckanext.cost_oc4ids.validation import reasons
from ckanext.cost_oc4ids.validation.runner import FileUnavailable

__all__ = ["REDIRECTS", "fetch", "may_reach"]

#: a fetch may take this many times as long as one read
PATIENCE = 30
#: statuses by which a site says that it has no such file (RFC 9110, 15.5.5 and 15.5.11); a refusal is none
_GONE = (404, 410)


def may_reach(address: Address) -> bool:
    """Whether links may lead to an address: a public one, or one of a network that is configured."""
    return http.may_reach(address, config.fetch_networks())


def limits() -> http.Limits:
    """Return how far links may lead here."""
    seconds = config.fetch_timeout()
    return http.Limits(
        hosts=config.fetch_hosts(),
        networks=config.fetch_networks(),
        timeout=seconds,
        total_timeout=PATIENCE * seconds,
        max_bytes=config.max_bytes(),
        user_agent="ckanext-cost-oc4ids",
        accept="application/json, */*;q=0.5",
    )


@contextlib.contextmanager
def fetch(url: str) -> Iterator[Iterator[bytes]]:
    """Give the bytes at an address, piece by piece.

    :raises FileUnavailable: ``fetch_refused`` for an address that may not be asked, ``fetch_not_given`` for
        a site that does not give the file (gone: that has none), ``fetch_too_large``; ``fetch_failed`` for
        what may succeed later.
    """
    try:
        with http.open_url(url, limits()) as response:
            if response.status != 200:
                reason = reasons.FETCH_FAILED if _may_recover(response.status) else reasons.FETCH_NOT_GIVEN
                gone = response.status in _GONE
                raise FileUnavailable(reason, f"HTTP status {response.status}", gone)
            yield response.iter_bytes()
    except http.UrlRefused as error:
        raise FileUnavailable(reasons.FETCH_REFUSED, str(error)) from error
    except http.ResponseTooLarge as error:
        raise FileUnavailable(reasons.FETCH_TOO_LARGE, str(error)) from error
    except http.RequestFailed as error:
        raise FileUnavailable(reasons.FETCH_FAILED, str(error)) from error


def _may_recover(status: int) -> bool:
    return status in (408, 425, 429) or status >= 500
