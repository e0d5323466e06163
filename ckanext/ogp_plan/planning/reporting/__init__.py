"""Rules of reporting: what may be recorded of an item of a plan, by whom, of which period.

A :class:`.submission.Submission` is what one person reports at once. It holds a
:class:`.context.ReportingContext` for each plan that it touches: the items with their facts as they are now.
Each of their methods checks one thing that is reported and returns the fact that is to be recorded, or raises
:class:`~ckanext.ogp_plan.planning.report_error.RejectedReport`. What is reported to an item is repeated to
those that its updates count for. Rules: ``docs/architecture-plans.md``.
"""
