"""What the actions of every plugin share: how a request is validated, how functions are registered.

An action reads ``check_access`` first and ``data = validated(schema, data_dict)`` second. CKAN's decorator
``validate_action_data`` validates before the body runs, so that somebody without rights would learn from
409 what a request needs; it is not used.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import ckan.plugins.toolkit as tk

#: Sent by forms beside the fields of an action.
_FORM_FIELDS = frozenset({"_csrf_token", "save", "csrf_token"})
#: Characters of an unknown field's name that an error repeats.
_NAME_LENGTH = 250

#: A function that returns the value of one field, or raises :class:`InvalidValue`.
Reader = Callable[[Any], Any]


class InvalidValue(Exception):
    """A value cannot be used.

    :param why: a sentence for the user, or the errors of a nested part (a list or a dict).
    """

    def __init__(self, why: Any) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is read. Absent, None and blank are the same: ``default``, or an error if ``required``.

    ``keep_blank``: only what is absent or None counts as not given.
    """

    read: Reader
    required: bool = False
    default: Any = None
    keep_blank: bool = False


Schema = Mapping[str, Field]


def required(read: Reader) -> Field:
    """Return a field that must be given."""
    return Field(read, required=True)


def optional(read: Reader, default: Any = None) -> Field:
    """Return a field that may be left out."""
    return Field(read, default=default)


def validated(schema: Schema, data_dict: Any, *, ignore_unknown: bool = False) -> dict[str, Any]:
    """Return the fields of a request, each with a value that can be used.

    :param schema: the fields that the request may have.
    :param data_dict: the request as it came: of any type.
    :param ignore_unknown: leave out fields that are not in the schema, instead of refusing them.
    :returns: every field of the schema with its value.
    :raises tk.ValidationError: each field that cannot be used, with why and what to do.
    """
    try:
        return read_fields(schema, data_dict, ignore_unknown=ignore_unknown)
    except InvalidValue as error:
        raise tk.ValidationError(
            error.why if isinstance(error.why, dict) else {"data": [error.why]}
        ) from error


def read_fields(schema: Schema, data_dict: Any, *, ignore_unknown: bool = False) -> dict[str, Any]:
    """Do the work of :func:`validated`; also for an object inside a request.

    :raises InvalidValue: with the errors by field, or a sentence if ``data_dict`` is no object.
    """
    if not isinstance(data_dict, Mapping):
        raise InvalidValue(tk._("Send an object with named fields."))
    errors: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for name in data_dict:
        if not ignore_unknown and name not in schema and name not in _FORM_FIELDS:
            printable = str(name)[:_NAME_LENGTH].encode("ascii", "backslashreplace").decode()
            errors[printable] = [tk._("There is no such field here. Correct its name or leave it out.")]
    for name, field in schema.items():
        value = data_dict.get(name)
        if value is None or (is_blank(value) and not field.keep_blank):
            data[name] = field.default
            if field.required:
                errors[name] = [tk._("It is missing. Give a value.")]
            continue
        try:
            data[name] = field.read(value)
        except InvalidValue as error:
            errors[name] = error.why if isinstance(error.why, list) else [error.why]
    if errors:
        raise InvalidValue(errors)
    return data


def is_blank(value: Any) -> bool:
    """Return whether a value counts as not given: None, no text, an empty list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def anything(value: Any) -> Any:
    """Return a value as it is: what it may be is for the action to say."""
    return value


def usable(read: Reader, value: Any) -> Any:
    """Return a value as ``read`` returns it; None if it is blank or cannot be used.

    For authorisation functions, which see the request before it is validated.
    """
    if is_blank(value):
        return None
    try:
        return read(value)
    except InvalidValue:
        return None


def collect(package: ModuleType, prefix: str) -> dict[str, Callable[..., Any]]:
    """Return the functions of a package's modules whose names begin with ``prefix``, by name.

    :param package: for instance ``ckanext.ogp_plan.logic.action``, with a module for each noun.
    :raises ValueError: two modules define the same name.
    """
    functions: dict[str, Callable[..., Any]] = {}
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            # not what a module imports from another one
            if not name.startswith(prefix) or getattr(value, "__module__", None) != module.__name__:
                continue
            if name in functions:
                raise ValueError(f"{name} is defined in {functions[name].__module__} and in {info.name}")
            functions[name] = value
    return functions


def merge(*collections: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return all functions of several collections, by name.

    :raises ValueError: two of them have the same name: one would never be called.
    """
    functions: dict[str, Callable[..., Any]] = {}
    for collection in collections:
        if twice := functions.keys() & collection.keys():
            raise ValueError(f"there are two functions of the name {', '.join(sorted(twice))}")
        functions.update(collection)
    return functions
