"""``ckan ogp-plan``: what is run by hand or by cron."""

from __future__ import annotations

import click


def get_commands() -> list[click.Command]:
    """Return the commands of this plugin."""
    return [ogp_plan]


@click.group("ogp-plan", short_help="Public plans tracked to the end.")
def ogp_plan() -> None:
    """Public plans tracked to the end."""
