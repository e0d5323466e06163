"""Messages of CKAN's own pages that its Spanish catalogue lacks, so that a page is in one language.

CKAN looks a message up in the catalogues of every plugin: those marked here are translated in ours. Add
one when you find it in English; remove it when CKAN's catalogue has it.
"""

from __future__ import annotations

from ckanext.cost_common.translation import N_

MESSAGES = (
    N_("Navigate to Home - {site_title}"),
    N_("There are currently no groups for this site."),
    N_("Edit role"),
    N_("Edit the role of the user within the group"),
    N_("Edit the role of the user within the organization"),
    N_("Delete member"),
    N_("Delete this member from the group"),
    N_("Delete this member from the organization"),
    N_("Open details page for {name}"),
    N_("Open details page for dataset - {title}"),
    N_("Unlink {name} from the dataset"),
    N_("Placeholder"),
    N_("Search datasets with the tag: {tag}"),
    N_("Search datasets with the tag: {name}"),
    N_("There is no description for this organization."),
    N_("There is no description for this dataset."),
    N_("There are no groups associated with this dataset."),
    N_("Current resource: {name}"),
    N_("Resource URL: {url}"),
    N_("Delete collaborator"),
    N_("Delete this collaborator from the dataset"),
    N_("Publish"),
    N_("Unpublish"),
    N_("Navigate to resource: {name_or_id}"),
    N_("Navigate to resource: {name}"),
    N_("Manage resource: {name}"),
    N_("Navigate to dataset: {title}"),
    N_("Close modal"),
    N_("close"),
    N_("Filter by: {title}"),
    N_("Search datasets by {name}: {label}"),
    N_("Remove applied filter: {value}"),
    N_("Reactivate Profile"),
    N_("Copy to clipboard"),
    N_("Are you sure you want to revoke these tokens?"),
    N_("Revoke tokens"),
    N_("This information is visible to you and admins"),
    N_("Activity occurred on: {time}"),
    N_("{actor} updated resource view {view_link}"),
    N_("{actor} created resource view {view_link}"),
    N_('{actor} deleted resource view "{view_title}" for resource {resource_link}'),
)
