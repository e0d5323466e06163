"""One action in a process of its own, so that a test can kill it: ``python -m support.plan_worker INI USER ACTION JSON``."""

from __future__ import annotations

import json
import sys


def main(ini: str, user: str, action: str, data: str) -> None:
    """Load the portal, call the action as somebody, print its answer."""
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(ini).get_config())
    import ckan.plugins.toolkit as tk

    flask = getattr(app, "_wsgi_app", app)
    with flask.test_request_context() if hasattr(flask, "test_request_context") else _nothing():
        answer = tk.get_action(action)({"user": user}, json.loads(data))
    print(json.dumps(answer, default=str))


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


if __name__ == "__main__":
    main(*sys.argv[1:])
