"""What the actions on verdicts take."""

from __future__ import annotations

from typing import cast

import ckan.plugins.toolkit as tk
from ckan.types import Schema, Validator


@tk.validator_args
def report_show(not_empty: Validator, ignore_missing: Validator, unicode_safe: Validator) -> Schema:
    """``resource_id``, ``package_id`` to make sure of, ``lang``."""
    return {
        "resource_id": [not_empty, unicode_safe],
        "package_id": [ignore_missing, unicode_safe],
        "lang": [ignore_missing, unicode_safe],
    }


@tk.validator_args
def validate(ignore_missing: Validator, unicode_safe: Validator) -> Schema:
    """One of ``upload``, ``data`` and ``resource_id``; ``lang``."""
    return cast(
        Schema,
        {
            "upload": [ignore_missing],
            "data": [ignore_missing],
            "resource_id": [ignore_missing, unicode_safe],
            "lang": [ignore_missing, unicode_safe],
        },
    )


@tk.validator_args
def resource_revalidate(not_empty: Validator, ignore_missing: Validator, unicode_safe: Validator) -> Schema:
    """``resource_id``, ``package_id`` to make sure of."""
    return {"resource_id": [not_empty, unicode_safe], "package_id": [ignore_missing, unicode_safe]}
