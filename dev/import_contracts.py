"""A kind of contract that import-linter lacks: no circle of imports between files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils
from importlinter.application.contract_utils import AlertLevel

sys.path.insert(0, str(Path(__file__).parent))

from circles import find_circles  # noqa: E402


class AcyclicModulesContract(Contract):
    """No module imports itself through others, not inside a function either.

    import-linter's own ``acyclic_siblings`` looks at packages: two of them may well import from each other's
    modules, as long as no module comes back to itself.
    """

    type_name = "acyclic_modules"

    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)
    unmatched_ignore_imports_alerting = fields.EnumField(AlertLevel, default=AlertLevel.ERROR)

    def check(self, graph: Any, verbose: bool) -> ContractCheck:  # noqa: ARG002 - import-linter's signature
        """Return whether there is no circle, and the circles."""
        removal = contract_utils.remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,  # type: ignore[arg-type]
            unmatched_alerting=self.unmatched_ignore_imports_alerting,  # type: ignore[arg-type]
        )
        imports = {
            module: sorted(graph.find_modules_directly_imported_by(module)) for module in graph.modules
        }
        circles = find_circles(imports)
        return ContractCheck(
            kept=not circles,
            warnings=list(removal.warnings),
            ignored_import_count=removal.ignored_import_count,
            metadata={"circles": circles},
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each circle in a line."""
        for circle in check.metadata["circles"]:
            output.print_error(" -> ".join([*circle, circle[0]]), bold=False)
