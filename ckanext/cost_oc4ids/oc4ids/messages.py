"""What every finding code means: its severity, its words and the source of its rule.

Words are English sources marked with :func:`.i18n.N_`; :mod:`.render` translates them
and fills their parameters (``%(name)s``, as in gettext). A check module
registers its own codes with :func:`register` when it is imported.

Parameters any text may use, besides those of the finding itself:

``%(value)s``   the value found, as JSON, shortened
``%(field)s``   the field's name in the reader's language
``%(name)s``    the last name of the field's path as it is written in the file (``endDate``)
``%(place)s``   where, in words ("project 3, contract 2")

``%(example)s`` the value to write, where it is known (:mod:`.fixes`), else one of its kind
``%(removed)s`` what to remove, where that is the remedy

Parameters of a finding whose name ends in ``_field`` hold a schema path and are
shown as that field's name; those ending in ``_bytes`` are shown as sizes; a list
is shown as its items separated by commas.

Below are the texts of what cannot be read (``read.*``), of the schema's rules
(``schema.*``, ``code.closed``) and of the package (``package.*``).
"""

from __future__ import annotations

from dataclasses import dataclass

from .i18n import N_
from .types import Severity

__all__ = ["N_", "Message", "all_messages", "get", "register"]


@dataclass(frozen=True, slots=True)
class Message:
    """One finding code. ``source`` names the rule (a section of the standard, a law, a guide)."""

    code: str
    severity: Severity
    title: str
    message: str
    remedy: str
    source: str
    #: the remedy where what to write is known (:mod:`.fixes`): ``%(example)s``, ``%(removed)s``
    remedy_fixed: str = ""


_messages: dict[str, Message] = {}


def register(
    code: str,
    severity: Severity,
    title: str,
    message: str,
    remedy: str,
    source: str,
    remedy_fixed: str = "",
) -> Message:
    """Add a finding code and return it.

    Registering the same code twice with other words or weight is a mistake of
    the programmer: ``ValueError``.
    """
    new = Message(code, Severity(severity), title, message, remedy, source, remedy_fixed)
    old = _messages.get(code)
    if old is not None and old != new:
        raise ValueError(f"finding code registered twice: {code}")
    _messages[code] = new
    return new


def get(code: str) -> Message:
    """The message of ``code``; ``KeyError`` when nobody registered it."""
    return _messages[code]


def all_messages() -> dict[str, Message]:
    """Every registered message by code (a copy)."""
    return dict(_messages)


# -- read.*: the file cannot be read at all
# -------------------------------------------------------------------

_JSON = N_("RFC 8259: the JSON data format")
_OC4IDS_PACKAGE = N_("OC4IDS 0.9: project package")
_OC4IDS_SCHEMA = N_("OC4IDS 0.9: schema")
_SAFETY = N_("Limit of this portal, so that one file cannot stop it for everybody")

_EXPORT_UTF8 = N_(
    "Save or export the file again choosing UTF-8 as its encoding (in Notepad: Save as, Encoding, UTF-8)."
)
_FIX_JSON = N_(
    "Correct that place, or generate the file again with the program that made it. "
    "Do not edit JSON in a word processor."
)
_ASK_OC4IDS = N_("Ask whoever generates the file for the version in OC4IDS: a package with 'projects' in it.")


def _unreadable(code: str, title: str, message: str, remedy: str, source: str) -> None:
    register(f"read.{code}", Severity.ERROR, title, message, remedy, source)


_unreadable(
    "empty",
    N_("The file is empty"),
    N_("The file has nothing in it."),
    N_("Check that the export finished, and choose the file again."),
    _JSON,
)
_unreadable(
    "too_large",
    N_("The file is too large"),
    N_("The file has more than %(limit_bytes)s, the largest that this portal takes."),
    N_(
        "Publish the projects in several files, for example one a year, or ask the portal's team "
        "to raise the limit."
    ),
    _SAFETY,
)
_unreadable(
    "project_too_large",
    N_("A project is too large"),
    N_("The project or field that begins on line %(line)s, column %(column)s has more than %(limit_bytes)s."),
    N_(
        "Check whether documents or photos were pasted into the file; publish them apart and put "
        "only their link."
    ),
    _SAFETY,
)
_unreadable(
    "too_many_projects",
    N_("Too many projects in one file"),
    N_("The file has more than %(limit)s projects."),
    N_("Publish the projects in several files."),
    _SAFETY,
)
_unreadable(
    "gzip_broken",
    N_("The compressed file is damaged"),
    N_("The file is compressed with gzip, and it is damaged or was cut off."),
    N_("Compress the file again, or upload it without compressing."),
    N_("RFC 1952: the gzip format"),
)
_unreadable(
    "gzip_ratio",
    N_("The compressed file grows too much"),
    N_("Once decompressed the file is more than %(limit)s times as large, which no file of projects is."),
    N_("Upload the file without compressing."),
    _SAFETY,
)
_unreadable(
    "compressed",
    N_("A compressed file of another kind"),
    N_("The file is compressed (%(format)s) and is not read as it is."),
    N_("Take the JSON file out of it and upload that. Only gzip is read directly, and only once."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "workbook",
    N_("A workbook, not JSON"),
    N_(
        "The file is a workbook (Excel or OpenDocument). For now only JSON is checked and taken as "
        "project data."
    ),
    N_(
        "Export the data as OC4IDS in JSON. A workbook can be published as one more file of the "
        "dataset, not as OC4IDS."
    ),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "pdf",
    N_("A PDF, not data"),
    N_("The file is a PDF document: people can read it, but programs cannot take the projects out of it."),
    N_("Upload the JSON file here, and the PDF as one more file of the dataset."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "html",
    N_("A web page, not data"),
    N_(
        "The file is a web page (HTML). This often happens when the download link asks for a "
        "password or failed."
    ),
    N_("Open the link in the browser, download the data itself, and upload that file."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "xml",
    N_("XML, not JSON"),
    N_("The file is XML. OC4IDS is published in JSON."),
    _ASK_OC4IDS,
    _OC4IDS_PACKAGE,
)
_unreadable(
    "image",
    N_("An image, not data"),
    N_("The file is an image."),
    N_("Upload the JSON file here, and the image as one more file of the dataset."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "encoding",
    N_("The file is not in UTF-8"),
    N_(
        "On line %(line)s, column %(column)s there is a byte (%(byte)s) that is not UTF-8. "
        "The file seems to be in %(encoding)s, which damages accents and ñ."
    ),
    _EXPORT_UTF8,
    N_("RFC 8259, section 8.1: JSON is written in UTF-8"),
)
_unreadable(
    "encoding_wide",
    N_("The file is not in UTF-8"),
    N_("The file is in %(encoding)s. JSON is written in UTF-8."),
    _EXPORT_UTF8,
    N_("RFC 8259, section 8.1: JSON is written in UTF-8"),
)
_unreadable(
    "syntax",
    N_("The file is not JSON"),
    N_("On line %(line)s, column %(column)s JSON cannot go on: found %(found)s."),
    _FIX_JSON,
    _JSON,
)
_unreadable(
    "truncated",
    N_("The file is cut off"),
    N_("The file ends on line %(line)s, column %(column)s before everything that was opened is closed."),
    N_(
        "Generate or download the file again and check that it finishes; its last character should be } or ]."
    ),
    _JSON,
)
_unreadable(
    "missing_comma",
    N_("A comma is missing"),
    N_("On line %(line)s, column %(column)s something new begins without a comma before it."),
    N_("Put a comma between that and what goes before."),
    _JSON,
)
_unreadable(
    "trailing_comma",
    N_("A comma too many"),
    N_("On line %(line)s, column %(column)s there is a comma with nothing after it."),
    N_("Remove the last comma of the list or object."),
    _JSON,
)
_unreadable(
    "trailing_data",
    N_("Something follows the data"),
    N_("The data end before line %(line)s, column %(column)s, and something else follows."),
    N_("Remove what follows the last } or ]."),
    _JSON,
)
_unreadable(
    "json_lines",
    N_("Several JSON texts, one a line"),
    N_("The file has one JSON text a line (JSON Lines): the second begins on line %(line)s."),
    N_("Put all the projects in one list: [ project, project, … ]."),
    _JSON,
)
_unreadable(
    "scalar",
    N_("JSON without projects"),
    N_("The file is JSON, but only a text, a number or a word, not an object or a list."),
    _ASK_OC4IDS,
    _OC4IDS_PACKAGE,
)
_unreadable(
    "not_a_number",
    N_("A number that JSON does not have"),
    N_("On line %(line)s, column %(column)s it says %(found)s, which is not a JSON number."),
    N_("Remove the field: a value that is not known is left out."),
    N_("RFC 8259, section 6: numbers"),
)
_unreadable(
    "number_range",
    N_("A number beyond all measure"),
    N_("The number on line %(line)s, column %(column)s is so large that programs cannot keep it."),
    N_("Check the number; if it is an identifier, write it as text between quotes."),
    N_("RFC 8259, section 6: numbers"),
)
_unreadable(
    "control_character",
    N_("A character that is not allowed there"),
    N_(
        "On line %(line)s, column %(column)s there is a control character (%(found)s), perhaps a "
        "line break in a text."
    ),
    N_("Write a line break inside a text as \\n, a tabulator as \\t, and remove other control characters."),
    N_("RFC 8259, section 7: strings"),
)
_unreadable(
    "nul",
    N_("A null character"),
    N_(
        "On line %(line)s, column %(column)s there is a null character (U+0000), which databases do not keep."
    ),
    N_("Remove it: it is not visible and usually comes from a failed export."),
    _SAFETY,
)
_unreadable(
    "escape",
    N_("A backslash that means nothing"),
    N_("On line %(line)s, column %(column)s it says %(found)s; a backslash must be written twice."),
    N_("Write each backslash of the text twice."),
    N_("RFC 8259, section 7: strings"),
)
_unreadable(
    "surrogate",
    N_("Half a character"),
    N_(
        "On line %(line)s, column %(column)s there is half a character (%(found)s), perhaps of an "
        "emoji that was cut."
    ),
    N_("Remove it or write the whole character."),
    N_("RFC 8259, section 8.2: Unicode characters"),
)
_unreadable(
    "duplicate_key",
    N_("The same field twice"),
    N_(
        "The field '%(key)s' is twice in the same object, the second time on line %(line)s, "
        "column %(column)s."
    ),
    N_("Leave only one of the two; programs disagree about which one counts."),
    N_("RFC 8259, section 4: names should be unique"),
)
_unreadable(
    "depth",
    N_("Lists inside lists without end"),
    N_(
        "From line %(line)s, column %(column)s on, more than %(limit)s objects and lists are "
        "inside one another."
    ),
    N_("Check the program that made the file: OC4IDS never needs that many."),
    _SAFETY,
)
_unreadable(
    "not_oc4ids",
    N_("JSON of something else"),
    N_("The file is JSON, but has neither projects nor a project's fields. What it has: %(names)s."),
    _ASK_OC4IDS,
    _OC4IDS_PACKAGE,
)
_unreadable(
    "list_of_packages",
    N_("A list of packages"),
    N_("The file is a list of project packages, and one package is expected."),
    N_("Put all the projects in the 'projects' of one package, or upload each package as its own file."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "ocds_release_package",
    N_("OCDS, not OC4IDS: a release package"),
    N_(
        "The file is an OCDS release package: contracting processes (OCDS), not infrastructure "
        "projects (OC4IDS)."
    ),
    N_("Publish it as an OCDS file, and here the projects; each project can link to its OCDS releases."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "ocds_record_package",
    N_("OCDS, not OC4IDS: a record package"),
    N_(
        "The file is an OCDS record package: contracting processes (OCDS), not infrastructure "
        "projects (OC4IDS)."
    ),
    N_("Publish it as an OCDS file, and here the projects; each project can link to its OCDS releases."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "ocds_release",
    N_("OCDS, not OC4IDS: a release"),
    N_("The file is an OCDS release: a contracting process (OCDS), not infrastructure projects (OC4IDS)."),
    N_("Publish it as an OCDS file, and here the projects; each project can link to its OCDS releases."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "ocds_record",
    N_("OCDS, not OC4IDS: a record"),
    N_("The file is an OCDS record: a contracting process (OCDS), not infrastructure projects (OC4IDS)."),
    N_("Publish it as an OCDS file, and here the projects; each project can link to its OCDS releases."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "geojson",
    N_("A map layer (GeoJSON), not projects"),
    N_("The file is GeoJSON: shapes for a map, without the projects that they belong to."),
    N_("Put each shape in its project, under 'locations', 'geometry', and upload the projects."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "ckan_response",
    N_("The response of a portal's API"),
    N_("The file is the response of a CKAN portal's API about datasets, not the data themselves."),
    N_("Download the file that the response's 'url' points at, and upload that."),
    _OC4IDS_PACKAGE,
)
_unreadable(
    "wrapped",
    N_("The answer of a program, with the package inside"),
    N_("The file is the answer of a program, and the package of projects is inside its '%(name)s'."),
    N_("Save only what '%(name)s' holds, from its { to its }, as a file, and upload that."),
    _OC4IDS_PACKAGE,
)

# -- schema.*: a rule of the standard's schema
# ------------------------------------------------------------------


def _rule(
    code: str, title: str, message: str, remedy: str, source: str = _OC4IDS_SCHEMA, fixed: str = ""
) -> None:
    register(code, Severity.ERROR, title, message, remedy, source, fixed)


_rule(
    "schema.required",
    N_("A required field is missing"),
    N_("The field '%(name)s' (%(field)s) is required here, and it is not in the file."),
    N_("Add '%(name)s' at that place."),
)
_rule(
    "schema.null",
    N_("A field that says null"),
    N_("The field '%(name)s' (%(field)s) says null, and OC4IDS does not take null there."),
    N_("Write its value: the field cannot be left out here."),
    fixed=N_("Remove '%(removed)s': what is not known is left out. When it is known, write its value."),
)
_rule(
    "schema.type",
    N_("A value of another type"),
    N_("The field '%(name)s' (%(field)s) must be %(types)s, and it is %(value)s."),
    N_("Write %(types)s there. What is not known is left out, where the field is not required."),
)
_rule(
    "schema.number_as_text",
    N_("A number written as text"),
    N_("The field '%(name)s' (%(field)s) must be a number, and it is the text %(value)s."),
    N_("Write the number without quotes, with nothing between thousands and a dot before decimals."),
    fixed=N_("Write the number without quotes: %(example)s"),
)
_rule(
    "schema.boolean_as_text",
    N_("Yes or no written as text"),
    N_("The field '%(name)s' (%(field)s) must be true or false, and it is the text %(value)s."),
    N_("Write it without quotes: true or false."),
    fixed=N_("Write it without quotes: %(example)s"),
)
_rule(
    "schema.text_as_number",
    N_("A text written as a number"),
    N_("The field '%(name)s' (%(field)s) must be text, and it is the number %(value)s."),
    N_("Write it between quotes."),
    fixed=N_("Write it between quotes: %(example)s"),
)
_rule(
    "schema.not_a_list",
    N_("One value where a list belongs"),
    N_("The field '%(name)s' (%(field)s) must be a list, even of one element, and it is %(value)s."),
    N_("Write a list between square brackets, with a comma between its elements, each as the standard asks."),
    fixed=N_("Write it as a list: %(example)s"),
)
_rule(
    "schema.list_instead_of_object",
    N_("A list where one object belongs"),
    N_("The field '%(name)s' (%(field)s) must be one object, { … }, and it is a list."),
    N_("Choose one object and leave it without square brackets, or remove the field when there is none."),
    fixed=N_("Leave the object without the square brackets around it."),
)
_rule(
    "schema.date_without_time",
    N_("A date without time"),
    N_("The field '%(name)s' (%(field)s) says %(value)s, without time and time zone."),
    N_("Write year-month-day, T, time and zone, for example %(example)s"),
    fixed=N_("Write the date with time and zone: %(example)s"),
)
_rule(
    "schema.format_date_time",
    N_("A date that is not one"),
    N_("The field '%(name)s' (%(field)s) says %(value)s, and it is not a full date with time and time zone."),
    N_("Write year-month-day, T, time and zone, for example %(example)s"),
    fixed=N_("Write the date with time and zone: %(example)s"),
)
_rule(
    "schema.format_uri",
    N_("A web address that is not one"),
    N_("The field '%(name)s' (%(field)s) says %(value)s, and it is not a complete web address."),
    N_("Write the whole address, without spaces or accents, for example %(example)s"),
    fixed=N_("Write the whole address: %(example)s"),
)
_rule(
    "schema.format_email",
    N_("An e-mail address that is not one"),
    N_("The field '%(name)s' (%(field)s) says %(value)s, and it is not an e-mail address."),
    N_("Write the address as in %(example)s, or remove the field."),
)
_rule(
    "schema.format",
    N_("A value in another format"),
    N_("The field '%(name)s' (%(field)s) says %(value)s, and it does not have the format '%(format)s'."),
    N_("Write it in that format, or remove the field."),
)
_rule(
    "schema.min_length",
    N_("An empty text"),
    N_("The field '%(name)s' (%(field)s) is an empty text."),
    N_("Write its value: the field cannot be left out here."),
    fixed=N_("Write the text, or remove '%(removed)s': what is not known is left out."),
)
_rule(
    "schema.min_items",
    N_("An empty list"),
    N_("The list '%(name)s' (%(field)s) is empty."),
    N_("Put at least one element in it."),
    fixed=N_("Put at least one element in it, or remove '%(removed)s'."),
)
_rule(
    "schema.min_properties",
    N_("An empty object"),
    N_("The field '%(name)s' (%(field)s) is an object with nothing in it."),
    N_("Fill it in."),
    fixed=N_("Fill it in, or remove '%(removed)s': what is not known is left out."),
)
_rule(
    "schema.minimum",
    N_("A number that is too small"),
    N_("The field '%(name)s' (%(field)s) says %(value)s, and the least allowed is %(limit)s."),
    N_("Check the number."),
)
_rule(
    "schema.pattern",
    N_("A value in another form"),
    N_(
        "The field '%(name)s' (%(field)s) says %(value)s, and it does not have the form that the "
        "standard asks for."
    ),
    N_("Check how the standard writes this field."),
)
_rule(
    "schema.unique_items",
    N_("The same element twice in a list"),
    N_("The list '%(name)s' (%(field)s) has the same element more than once."),
    N_("Leave each element only once."),
    fixed=N_(
        "Leave each element only once: remove the repetitions (%(repeated)s), from the last to the first."
    ),
)
_rule(
    "schema.other",
    N_("A rule of the schema is not met"),
    N_(
        "The field '%(name)s' (%(field)s) says %(value)s and does not meet the rule '%(keyword)s' "
        "of the standard."
    ),
    N_("Check how the standard defines this field."),
)
_rule(
    "code.closed",
    N_("A code that is not in its list"),
    N_(
        "The field '%(name)s' (%(field)s) says %(value)s, and only codes of the list "
        "'%(codelist)s' are allowed."
    ),
    N_("Write one of the codes of the list, letter by letter: %(codes)s."),
    N_("OC4IDS 0.9: closed codelists"),
    fixed=N_('Write "%(suggestion)s", letter by letter.'),
)

# -- package.*: the file as a whole
# -----------------------------------------------------------------------------

_rule(
    "package.version",
    N_("Another version of OC4IDS"),
    N_("The package says that it is of version %(value)s."),
    N_('Write "version": "0.9". Only the first two numbers are given, also for 0.9.5.'),
    N_("OC4IDS 0.9: project package, version"),
)
_rule(
    "package.duplicate_project_id",
    N_("Two projects with the same identifier"),
    N_("The identifier %(value)s belongs to more than one project of the file; the first is at %(first)s."),
    N_(
        "Give each project its own identifier. If it is the same project, leave it once, with "
        "everything in it."
    ),
    N_("OC4IDS 0.9: a project's id is unique"),
)
register(
    "package.bare",
    Severity.NOTE,
    N_("One project without its package"),
    N_("The file is one project without the package around it. It was checked as if it were in a package."),
    N_("Nothing needs to be done here: the portal publishes it in a package. Elsewhere, put it in one."),
    _OC4IDS_PACKAGE,
)
register(
    "package.bare_list",
    Severity.NOTE,
    N_("Projects without their package"),
    N_(
        "The file is a list of projects without the package around it. It was checked as if it "
        "were in a package."
    ),
    N_("Nothing needs to be done here: the portal publishes them in a package. Elsewhere, put them in one."),
    _OC4IDS_PACKAGE,
)
register(
    "package.check_failed",
    Severity.NOTE,
    N_("A check could not be made"),
    N_("The check '%(check)s' failed on this file; everything else was checked."),
    N_("It is not a mistake of yours. Please tell the portal's team, with the file."),
    N_("This portal"),
)


# -- what only a portal can find, which knows the other files: its words are here with the others --------

_PUBLISHED = N_("A project that another organisation already publishes")
_PUBLISHED_REMEDY = N_(
    "A project is published by one organisation only. If it is yours, ask the other organisation or the "
    "portal's administrator to remove theirs; if it is not, take it out of this file or correct its id."
)
_PORTAL_RULE = N_(
    "Rule of this portal: an OC4IDS project id identifies one project, published by one organisation"
)
register(
    "registry.published_elsewhere",
    Severity.ERROR,
    _PUBLISHED,
    N_("The project “%(project)s” is already published by another organisation, in the dataset %(dataset)s."),
    _PUBLISHED_REMEDY,
    _PORTAL_RULE,
)
register(
    "registry.published_unseen",
    Severity.ERROR,
    _PUBLISHED,
    N_("The project “%(project)s” is already published by another organisation."),
    _PUBLISHED_REMEDY,
    _PORTAL_RULE,
)
