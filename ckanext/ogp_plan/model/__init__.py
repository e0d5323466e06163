"""Our tables. What each row means: ``docs/modelo-de-datos.md``."""

from .cut import Cut, Publication
from .event import Event, LightChange
from .item import ItemAssignment, PlanItem
from .paper import Import, Reminder, Token, UnknownName
from .people import Delegation, PlanRole
from .plan import PlanRow, PlanVersion, RecordedChange

#: Facts: a trigger of the database refuses to change or delete them.
APPEND_ONLY = (PlanVersion, RecordedChange, Event, LightChange, Cut, Publication)
TABLES = (
    *APPEND_ONLY,
    PlanRow,
    PlanItem,
    ItemAssignment,
    PlanRole,
    Delegation,
    Import,
    UnknownName,
    Token,
    Reminder,
)

__all__ = [
    "APPEND_ONLY",
    "TABLES",
    "Cut",
    "Delegation",
    "Event",
    "Import",
    "ItemAssignment",
    "LightChange",
    "PlanItem",
    "PlanRole",
    "PlanRow",
    "PlanVersion",
    "Publication",
    "RecordedChange",
    "Reminder",
    "Token",
    "UnknownName",
]
