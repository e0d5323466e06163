"""Words that several of the files that go out share; English sources, see :mod:`..i18n`."""

from __future__ import annotations

from ckanext.ogp_plan.planning.tracking import EvidenceKind
from ckanext.ogp_plan.planning.words.i18n import N_

WITHHELD = N_("Withheld evidence (%(kind)s). Reason: %(why)s")
NO_REASON = N_("none was given")
UNDATED = N_("No date declared")

#: What coded values are called.
CODED: dict[str, str] = {
    EvidenceKind.DOCUMENT.value: N_("Document"),
    EvidenceKind.MINUTES.value: N_("Minutes"),
    EvidenceKind.PHOTO.value: N_("Photograph"),
    EvidenceKind.ATTENDANCE.value: N_("Attendance list"),
    EvidenceKind.LINK.value: N_("Link"),
    EvidenceKind.DATASET.value: N_("Dataset"),
    EvidenceKind.RESOURCE.value: N_("File of the catalogue"),
    EvidenceKind.VIDEO.value: N_("Video"),
}
