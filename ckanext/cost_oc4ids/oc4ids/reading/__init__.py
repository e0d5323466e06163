"""From bytes to projects: what the file is, whether it is complete, and where each project is in it.

:func:`open_package` looks through a file once; :meth:`PackageReader.projects` then gives
its projects as often as asked, and :meth:`PackageReader.parse` builds one of them.

Whatever cannot be read is :class:`~..types.Unreadable` with a ``read.*`` code and,
where there is one, the line and column (from 1, columns in characters).

- :mod:`.sources`: where the bytes come from
- :mod:`.formats`: the format by the first bytes
- :mod:`.scanner`: JSON, without building it
- :mod:`.diagnose`: what is wrong with JSON that cannot be read
- :mod:`.reader`: what every reader gives
"""

from __future__ import annotations

from .formats import open_package
from .reader import Kind, PackageReader, Parts, RawProject, pointer
from .scanner import seems_oc4ids

__all__ = ["Kind", "PackageReader", "Parts", "RawProject", "open_package", "pointer", "seems_oc4ids"]
