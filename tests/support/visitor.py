"""A person with a browser's cookies and no JavaScript, over Flask's test client."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup


class Visitor:
    """Keeps a session. ``app``: CKAN's test application."""

    def __init__(self, app: Any) -> None:
        self._client = app.test_client()

    def get(self, path: str, **options: Any) -> Any:
        """Read a page."""
        return self._client.get(path, **{"follow_redirects": False, **options})

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        """Send a form as it is given: no token is added."""
        return self._client.post(path, data=data or {}, **{"follow_redirects": False, **options})

    def page(self, path: str, status: int = 200) -> BeautifulSoup:
        """Read a page and take it apart."""
        answer = self.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:3000])
        return BeautifulSoup(answer.get_data(as_text=True), "html.parser")

    def token(self, path: str, action: str | None = None) -> dict[str, str]:
        """Return the token of a form on a page, as the field that carries it."""
        for form in self.page(path).find_all("form"):
            field = form.find("input", attrs={"name": "_csrf_token"})
            if field is not None and (action is None or form.get("action", "").endswith(action)):
                return {field["name"]: field["value"]}
        raise AssertionError(f"{path} has no form with a token that is sent to {action or 'anywhere'}")

    def sign_in(self, name: str, password: str) -> None:
        """Sign in with CKAN's own form."""
        token = self.token("/user/login")
        answer = self.post("/user/login", {**token, "login": name, "password": password})
        assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:3000]


def text_of(found: Any) -> str:
    """Return what a reader reads, its white space made plain."""
    return " ".join(found.get_text(" ").split())
