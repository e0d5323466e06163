"""Give a new portal its first sysadmin and print an API token for it.

Run with the portal's own Python: ``bootstrap.py INI NAME FULLNAME``, the password in the
environment as ``DEMO_PASSWORD``. Everybody else is then made through the API.
"""

from __future__ import annotations

import os
import sys

from ckan import model
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
from ckan.plugins import toolkit as tk

TOKEN_NAME = "make demo"  # noqa: S105 - a label, not a token


def first_sysadmin(name: str, fullname: str, password: str) -> str:
    """Create the sysadmin ``name`` unless it exists, and return a new API token for it."""
    context = {"ignore_auth": True, "user": ""}
    user = model.User.get(name)
    if user is None:
        details = {
            "name": name, "fullname": fullname, "password": password, "email": f"{name}@example.org",
        }  # fmt: skip
        tk.get_action("user_create")(context, details)
        user = model.User.get(name)
    user.sysadmin = True
    model.Session.commit()
    by_name = {"ignore_auth": True, "user": name}
    for token in tk.get_action("api_token_list")(by_name, {"user_id": name}):
        if token["name"] == TOKEN_NAME:
            tk.get_action("api_token_revoke")(by_name, {"jti": token["id"]})
    made = tk.get_action("api_token_create")(by_name, {"user": name, "name": TOKEN_NAME})
    return str(made["token"])


def main() -> None:
    """Print the token as the only line of standard output."""
    ini, name, fullname = sys.argv[1:]
    application = make_app(CKANConfigLoader(ini).get_config())
    with application._wsgi_app.test_request_context():
        print(first_sysadmin(name, fullname, os.environ["DEMO_PASSWORD"]))


if __name__ == "__main__":
    main()
