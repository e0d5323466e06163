"""Why a resource waits, failed or is not validated: codes that are stored, and their sentences."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

#: pending
QUEUED = "queued"
LINK_NOT_FETCHED = "link_not_fetched"
#: not applicable
DATASTORE = "datastore"
#: error
CRASHED = "crashed"
FILE_MISSING = "file_missing"
FILE_UNREADABLE = "file_unreadable"
WORKER_LOST = "worker_lost"
FETCH_REFUSED = "fetch_refused"
FETCH_FAILED = "fetch_failed"
FETCH_NOT_GIVEN = "fetch_not_given"
FETCH_TOO_LARGE = "fetch_too_large"
#: stale
RULES_CHANGED = "rules_changed"
#: problems of reading that leave the result as it is, beside those of errors
CONTENT_MISMATCH = "content_mismatch"
STORAGE_UNAVAILABLE = "storage_unavailable"


def sentence(code: str | None) -> str | None:
    """Return what a code means in the language of the request; None for no code."""
    if code is None:
        return None
    sentences = {
        QUEUED: tk._("The file is waiting to be checked."),
        LINK_NOT_FETCHED: tk._("The file is a link to another site, and this portal does not fetch links."),
        DATASTORE: tk._(
            "The data are in the DataStore and not in a file, so there is no OC4IDS file to check."
        ),
        CRASHED: tk._(
            "The check failed for a reason that is not in the file. The administrator can see why."
        ),
        FILE_MISSING: tk._("The file is not in the portal's storage. Upload it again."),
        FILE_UNREADABLE: tk._("The portal could not read the file. It will be tried again."),
        WORKER_LOST: tk._("The check was interrupted. It will be tried again."),
        FETCH_REFUSED: tk._("The link does not lead to a site that this portal may fetch files from."),
        FETCH_FAILED: tk._("The file could not be fetched from its site. It will be tried again."),
        FETCH_NOT_GIVEN: tk._("The site at the link does not give the file. Correct the link."),
        FETCH_TOO_LARGE: tk._("The file at the link is larger than this portal checks."),
        RULES_CHANGED: tk._("The rules of the check have changed since. It will be checked again."),
        CONTENT_MISMATCH: tk._(
            "The file in the portal's storage is not the one that was saved here: it was changed by other "
            "means. Its projects are still those of the file that was saved. Upload the right file again."
        ),
        STORAGE_UNAVAILABLE: tk._("The portal's storage of files does not answer. It will be tried again."),
    }
    return sentences.get(code)
