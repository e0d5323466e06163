"""Our tables. What each row means: ``docs/modelo-de-datos.md``."""

from .calendar_token import Token
from .chain import ChainCheck, ChainEntry
from .cut import Cut, Publication
from .delegation import Delegation
from .event import Event, LightChange
from .import_ import Import, UnknownName
from .item import ItemAssignment, PlanItem
from .organization_link import OrganizationLink
from .plan import PlanRow, PlanVersion, RecordedChange
from .reminder import Reminder
from .role import PlanRole

#: Facts: a trigger of the database refuses to change or delete them.
APPEND_ONLY = (PlanVersion, RecordedChange, Event, LightChange, ChainEntry, Cut, Publication)
TABLES = (
    *APPEND_ONLY,
    ChainCheck,
    OrganizationLink,
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
    "ChainCheck",
    "ChainEntry",
    "Cut",
    "Delegation",
    "Event",
    "Import",
    "ItemAssignment",
    "LightChange",
    "OrganizationLink",
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
