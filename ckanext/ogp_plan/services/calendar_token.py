"""Private calendars: an address that only its owner knows. Only the hash of its key is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets

import sqlalchemy as sa
from ckan import model

from ckanext.ogp_plan.model import Token

#: Bytes of chance in a key.
KEY_BYTES = 32
_KEY = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
#: How often the last use is noted at most.
_USE_INTERVAL = dt.timedelta(hours=1)


def hash_key(key: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def create(user_id: str, organization: str | None) -> tuple[Token, str]:
    """Make a key for somebody's calendar (of one organismo, or of all that they report for).

    :returns: its row, not committed, and the key, which is shown once and never again.
    """
    key = secrets.token_urlsafe(KEY_BYTES)
    token = Token(user_id=user_id, organization=organization, sha256=hash_key(key))
    model.Session.add(token)
    model.Session.flush()
    return token, key


def find(key: str) -> Token | None:
    """Return the row of a key that opens a calendar; None for one that does not, was revoked, or whose
    owner is no longer active."""
    if not _KEY.fullmatch(key or ""):
        return None
    wanted = sa.select(Token).where(Token.sha256 == hash_key(key), Token.revoked.is_(None))
    token = model.Session.scalars(wanted).first()
    owner = model.Session.get(model.User, token.user_id) if token is not None else None
    return token if owner is not None and owner.state == "active" else None


def record_use(token: Token) -> None:
    """Note that a calendar was read, at most once an hour. The caller commits."""
    now = dt.datetime.now(dt.timezone.utc)
    if token.used is None or now - token.used >= _USE_INTERVAL:
        token.used = now


def revoke(token: Token) -> None:
    """Make a key open nothing any more. The caller commits."""
    token.revoked = token.revoked or dt.datetime.now(dt.timezone.utc)


def list_tokens(user_id: str) -> list[Token]:
    """Return the keys of somebody that open something, the newest first."""
    wanted = sa.select(Token).where(Token.user_id == user_id, Token.revoked.is_(None))
    return list(model.Session.scalars(wanted.order_by(Token.created.desc())))
