"""Evidence in a dataset that another plugin withholds from visitors is not public."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import logic
from ckan.tests import factories
from support.projects import dataset

from ckanext.ogp_plan.services import evidence_check

pytestmark = pytest.mark.usefixtures("with_plugins", "empty_portal")


def test_a_dataset_that_package_show_refuses_is_no_public_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    made = dataset(factories.Organization(), resources=[{"url": "", "name": "Acta"}])
    resource = made["resources"][0]["id"]
    assert evidence_check.inspect_dataset(made["id"]).public is True
    assert evidence_check.inspect_resource(resource).public is True

    def package_show(_context: Any, _data_dict: Any) -> Any:
        raise tk.NotAuthorized("not for visitors")

    monkeypatch.setitem(logic._actions, "package_show", package_show)
    assert evidence_check.inspect_dataset(made["id"]).public is False
    assert evidence_check.inspect_resource(resource).public is False
