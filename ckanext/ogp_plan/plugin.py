"""The ``ogp_plan`` plugin. It loads and adds nothing yet."""

from __future__ import annotations

import ckan.plugins as p


class OgpPlanPlugin(p.SingletonPlugin):
    """Public plans tracked to the end: the place where they will live."""
