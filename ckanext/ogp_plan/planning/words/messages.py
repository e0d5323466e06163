"""What every code of an act means, in words.

Words are English sources marked with :func:`N_`; :mod:`.render` translates them and fills
their parameters (``%(name)s``). Each finding has a title, under which a reader finds all of
its kind together, and a reason; what cannot be read has a reason and a remedy.
"""

# The words of one code are on one line, however long: that is how they are compared.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass

from ckanext.ogp_plan.planning.words.i18n import N_


@dataclass(frozen=True, slots=True)
class Message:
    """One code: its title and why; for what is unreadable, the reason and the remedy."""

    title: str
    why: str


FINDINGS: dict[str, Message] = {
    "header.first": Message(
        N_("The table's header"), N_("It names the columns and says nothing of the plan.")
    ),
    "header.repeated": Message(N_("Header repeated on another page"), N_("It is the table's header again.")),
    "label": Message(N_("Name of a field"), N_("It was understood as the name of: %(field)s.")),
    "page.mark": Message(
        N_("Page number or mark"), N_("It is a page number, or what a reader of images made of a signature.")
    ),
    "page.header_or_footer": Message(
        N_("Page header or footer"), N_("It belongs to the page, not to the plan.")
    ),
    "line.repeated": Message(N_("Line printed again"), N_("The same line is printed before.")),
    "row.duplicate": Message(
        N_("Row printed twice"),
        N_("It has the same text as row %(code)s, printed before; the first one was kept."),
    ),
    "heading.duplicate": Message(
        N_("Heading printed twice"), N_("Heading %(code)s is printed before; the first one was kept.")
    ),
    "row.replaced": Message(
        N_("Row replaced"), N_("By your answer, another row takes the place of %(code)s.")
    ),
    "row.continuation": Message(
        N_("Row without a number"),
        N_("It took the number %(number)s and its activity from above; its code is %(code)s."),
    ),
    "cell.above": Message(N_("Cell left blank"), N_("The row belongs to %(code)s, named above.")),
    "cell.merged": Message(
        N_("Merged cell"), N_('%(code)s took the field "%(field)s" from the merged cell.')
    ),
    "level.inherited": Message(
        N_("Level named above"), N_('The row took the level "%(level)s" from the first row of its block.')
    ),
    "schedule.undeclared": Message(
        N_("Months not declared"),
        N_(
            'The month cells of %(code)s are empty: when it is due is not known. It was not taken for "no month". If the form had shaded cells, import its workbook.'
        ),
    ),
    "schedule.unread": Message(
        N_("Date not understood"),
        N_("The date of %(code)s could not be read; it was kept as printed and is not declared."),
    ),
    "schedule.month": Message(
        N_("Date by month"), N_("Only the month is given: %(code)s is due on its last day, %(due)s.")
    ),
    "months.moved": Message(
        N_("Month marks out of place"),
        N_(
            "The row has moved in this text: it is not known which months the %(count)s marks of %(code)s mean."
        ),
    ),
    "milestone.undated": Message(
        N_("Milestone without a date"),
        N_("%(code)s has no date: without one it can be neither on time nor late."),
    ),
    "cells.count": Message(
        N_("Page with another number of cells"),
        N_(
            "Its rows have %(width)s cells; on the other pages they have %(usual)s. Cells were read by their order."
        ),
    ),
    "row.shifted": Message(
        N_("Row out of its columns"),
        N_(
            "The product is in column %(column)s and its heading in column %(expected)s. The row was read by the order of its cells."
        ),
    ),
    "cell.unplaced": Message(
        N_("Cell without a column"), N_("It is under no known column and is not in the plan.")
    ),
    "line.unplaced": Message(N_("Loose line"), N_("It belongs to no row and is not in the plan.")),
    "row.before_header": Message(
        N_("Row before the header"),
        N_("It looks like a row of the table, but its header has not come yet; it was kept as heading text."),
    ),
    "row.without_number": Message(
        N_("Row that belongs to no number"),
        N_("There is no number above it to which it could belong; it is not in the plan."),
    ),
    "row.incomplete": Message(N_("Row with missing cells"), N_("%(code)s does not say: %(missing_fields)s.")),
    "row.only_description": Message(
        N_("Row with a description and nothing else"),
        N_("%(code)s may share the goal and the result of %(above)s; nothing was copied."),
    ),
    "row.conditional": Message(
        N_("Conditional duty"),
        N_(
            '%(code)s holds only in certain cases; when it does not, its state is "no aplica", with the reason.'
        ),
    ),
    "row.of_conflict": Message(
        N_("Row of a repeated code"),
        N_("It follows a second text of %(code)s that is not decided; it is not in the plan."),
    ),
    "row.other_sheet": Message(
        N_("Row on another sheet"), N_("The sheet is not one of this workbook's; it was not read.")
    ),
    "page.repeated": Message(
        N_("Page printed twice"),
        N_("Its %(rows)s rows and headings are all printed before; they were left out."),
    ),
    "document.repeated": Message(
        N_("Section repeated"), N_("The commitment is printed before; this text was kept as a section.")
    ),
    "code.with_title": Message(
        N_("Code and title in one cell"),
        N_("The code %(code)s and the title were in one cell; they were separated."),
    ),
    "code.missing": Message(
        N_("Heading or row without a code"), N_("It took the code %(code)s by its position.")
    ),
    "ordinal.missing": Message(
        N_("Heading without its ordinal"), N_("%(code)s does not say which subcomponent it is.")
    ),
    "ordinal.differs": Message(
        N_("Two numbers that do not agree"),
        N_("%(code)s says %(spoken)s in words and %(number)s in figures."),
    ),
    "code.at_several_levels": Message(
        N_("One code at several levels"),
        N_("The code is used at: %(levels)s. Each is another thing; they are distinguished by level."),
    ),
    "levels.unlinked": Message(
        N_("Levels without links"),
        N_(
            "Nothing says which activity serves which output or outcome; equal numbers are only a hint and were not taken for a link."
        ),
    ),
    "level.unread": Message(
        N_("Level not understood"),
        N_('The level "%(level)s" is none of this family\'s; the row is not in the plan.'),
    ),
    "heading.empty": Message(N_("Heading without activities"), N_("%(code)s has no activity below it.")),
    "heading.conflict": Message(
        N_("Heading with another text"), N_('%(code)s is printed before as "%(first)s"; that one was kept.')
    ),
    "title.differs": Message(
        N_("Another title for the same code"),
        N_('%(code)s is printed before as "%(first)s"; that one was kept.'),
    ),
    "activity.other_title": Message(
        N_("Another activity under the same number"),
        N_("The rows were added to %(code)s; its title is the first one."),
    ),
    "parent.missing": Message(
        N_("Number without a heading"), N_("There is no component or subcomponent above %(code)s.")
    ),
    "parent.by_position": Message(
        N_("Number under another heading"),
        N_("No heading has the beginning of %(code)s; it was put under %(parent)s, which is above it."),
    ),
    "number.thousands": Message(
        N_("Dot of thousands"), N_("Read as %(value)s: in Colombia the dot separates thousands.")
    ),
    "number.zeros": Message(N_("Number with a zero in front"), N_("Read as %(value)s.")),
    "number.ungrouped": Message(N_("Number without the dot of thousands"), N_("Read as %(value)s.")),
    "number.words": Message(N_("Number in words"), N_("Read as %(value)s.")),
    "number.words_ignored": Message(
        N_("Number in words and in figures"),
        N_("The figures in parentheses were read (%(value)s); the words were not compared."),
    ),
    "number.k": Message(N_("Thousands written with K"), N_("Read as %(value)s.")),
    "number.unread": Message(
        N_("Number not understood"), N_("It was kept as printed; %(code)s has no number to reach.")
    ),
    "number.two_ways": Message(
        N_("Number that reads in two ways"),
        N_(
            "The comma can separate thousands or decimals; %(code)s has no number until it is written in one way."
        ),
    ),
    "goal.unit": Message(
        N_("Goal and result do not agree"),
        N_("The goal of %(code)s promises one thing and its result counts another (%(result)s)."),
    ),
    "goal.no_number": Message(
        N_("Goal without a number"), N_("The goal of %(code)s has no number, and its result is %(result)s.")
    ),
    "goal.compound": Message(
        N_("Several goals in one cell"), N_("%(code)s has %(parts)s goals that add up to %(total)s.")
    ),
    "quota.mismatch": Message(
        N_("Quota that does not multiply"),
        N_("%(code)s owes %(each)s each; by %(size)s that is not %(total)s."),
    ),
    "quota.without_group": Message(
        N_("Quota without a group"),
        N_("%(code)s owes %(each)s each and %(total)s in all, but names no group that shares it."),
    ),
    "formula.none": Message(
        N_("Formula that is none"), N_('"Número" or "Porcentaje" does not say how %(code)s is computed.')
    ),
    "formula.no_scale": Message(
        N_("Ratio without its hundred"),
        N_("The result of %(code)s is a percentage and its formula does not multiply by 100."),
    ),
    "formula.copied": Message(
        N_("Formula of the row above"),
        N_("%(code)s has the formula of %(other)s, which counts something that %(code)s does not name."),
    ),
    "text.copied": Message(N_("Text copied from another number"), N_("%(code)s says the same as %(other)s.")),
    "text.old_year": Message(
        N_("An earlier year"),
        N_("%(code)s names %(years)s in a plan of %(period)s: it may be an earlier plan's text."),
    ),
    "text.later_year": Message(
        N_("A later year"), N_("%(code)s names %(years)s, after this plan's end (%(period)s).")
    ),
    "text.english": Message(N_("Text in English"), N_("%(code)s is not in Spanish.")),
    "term.spelling": Message(
        N_("Word that looks like a slip"), N_('It probably means "%(meant)s". It was not changed.')
    ),
    "term.mixed": Message(N_("One thing, several names"), N_("The document uses: %(names)s.")),
    "responsible.missing": Message(N_("No responsible"), N_("Nobody is named for %(code)s.")),
    "responsible.unknown": Message(
        N_("Responsible not identified"),
        N_(
            "The name is not in the directory of organismos; it waits for somebody to say whose it is. No organismo was created."
        ),
    ),
    "responsible.separators": Message(
        N_("Responsibles joined in an unusual way"),
        N_("The names of %(code)s were separated; please check them."),
    ),
    "responsible.variant": Message(
        N_("One responsible, two spellings"), N_('It was taken for the same as "%(other)s".')
    ),
    "role.unread": Message(
        N_("Role not understood"),
        N_("The line of %(code)s does not say who leads, supports or is an ally; it was kept as printed."),
    ),
    "indicator.no_target": Message(
        N_("Indicator without a target"), N_("%(code)s says no number to be reached.")
    ),
    "indicator.joined": Message(
        N_("Indicator cut by the page, joined"),
        N_("The end of %(code)s was inside %(other)s; it was put back."),
    ),
    "indicator.cut": Message(
        N_("Indicator cut short"),
        N_("%(code)s ends in the middle of a list and its end was not found in %(other)s."),
    ),
    "indicator.compound": Message(
        N_("Indicator with shares"),
        N_("%(code)s promises a total and %(count)s shares of it; each is a target of its own."),
    ),
    "list.by_sentences": Message(
        N_("List without marks"),
        N_("The list of %(code)s has no bullets; it was cut at its %(count)s sentences."),
    ),
    "markup.removed": Message(
        N_("Web markup in a cell"), N_("The marks were left out; the words are the same.")
    ),
    "block.missing": Message(
        N_("Block missing"), N_("The commitment %(code)s does not have: %(missing_fields)s.")
    ),
    "block.repeated": Message(
        N_("Block twice"), N_("The commitment %(code)s has this block twice; both texts were kept together.")
    ),
    "deliverable.repeated": Message(
        N_("The same strategic deliverable"), N_("%(code)s has the same one as %(other)s.")
    ),
    "deliverable.not_one": Message(
        N_("Deliverable that is none"), N_("The text of %(code)s says what it is for, not what is delivered.")
    ),
    "commitment.misnamed": Message(
        N_("Commitment called by another number"),
        N_("The number and the name do not go together in the section of commitments."),
    ),
    "encoding.other": Message(
        N_("Another encoding"),
        N_("The file was read as %(encoding)s, not as UTF-8. Please check accents and ñ."),
    ),
    "encoding.mojibake": Message(
        N_("Broken accents"),
        N_("The file seems to have been saved with the wrong encoding; nothing was corrected."),
    ),
    "sheet.hidden": Message(N_("Hidden sheet"), N_("It was read like the others.")),
    "formula.value": Message(N_("Cell with a formula"), N_("Its last computed value was read.")),
    "formula.no_value": Message(
        N_("Cell with a formula and no value"),
        N_("The file does not hold its value: open it in a spreadsheet and save it again."),
    ),
    "answer.unknown": Message(
        N_("Answer not understood"), N_("The answer to %(question)s is none of its options; it was not used.")
    ),
    "own.value": Message(
        N_("Value not understood"), N_('The column "%(column)s" cannot hold this; the cell was left out.')
    ),
    "own.no_key": Message(
        N_("Row without level or code"),
        N_("Without both, it is not known which item it is; the row was left out."),
    ),
    "own.no_item": Message(
        N_("Row of an item that is not there"), N_("No item has this level and code; the row was left out.")
    ),
    "own.no_indicator": Message(
        N_("Target of an indicator that is not there"),
        N_("The item has no indicator with this code; the row was left out."),
    ),
    "own.repeated": Message(
        N_("Item twice"), N_("%(level)s %(code)s is in an earlier row; this row was left out.")
    ),
    "family.level.unknown": Message(
        N_("Level that the family does not have"), N_('"%(level)s" is none of this family\'s levels.')
    ),
    "family.code.repeated": Message(
        N_("Code twice at one level"), N_('Each code may be used once at the level "%(level)s".')
    ),
    "family.code.pattern": Message(
        N_("Code of another form"), N_('At the level "%(level)s" codes are written otherwise.')
    ),
    "family.parent.missing": Message(
        N_("Item that hangs from nothing"),
        N_('At the level "%(level)s" each item belongs to one above; this one\'s is not there.'),
    ),
    "family.parent.level": Message(
        N_("Item that hangs from the wrong level"),
        N_('An item of "%(level)s" does not belong to one of "%(detail)s".'),
    ),
    "family.weight.sum": Message(
        N_("Weights that do not add up to 100"),
        N_('The weights at the level "%(level)s" add up to %(detail)s.'),
    ),
    "code.conflict": Message(
        N_("The same code with another text"),
        N_('%(code)s is printed before as "%(first)s". Which one counts?'),
    ),
    "row.merged": Message(
        N_("Does the row share the goal above?"),
        N_("%(code)s has only a description. Is it one duty with %(above)s, or another one?"),
    ),
    "sector.twice": Message(
        N_("A sector named twice"),
        N_('%(code)s names "%(first)s" and "%(sector)s", which are the same sector, and not "%(other)s".'),
    ),
    "period.differs": Message(
        N_("Two periods in one document"), N_("The document says %(values)s. Which is the plan's period?")
    ),
    "period.from_title": Message(
        N_("Period taken from the title"), N_("No period is printed; the title says %(year)s.")
    ),
    "item.missing": Message(
        N_("In the plan and not in the document"),
        N_(
            "The document does not have %(code)s, nor what hangs from it (%(below)s more). Should it stay in the plan, or is it withdrawn?"
        ),
    ),
    "commitment.swapped": Message(
        N_("Commitments with their numbers exchanged"),
        N_("Other parts of the document call %(codes)s the other way round. Which numbers count?"),
    ),
}
ERRORS: dict[str, Message] = {
    "read.empty": Message(
        N_("The file is empty."), N_("Choose the file again: it has no text and no cells.")
    ),
    "read.no_file": Message(
        N_('The file "%(file)s" cannot be opened (%(reason)s).'),
        N_("Check the name and that you may read it."),
    ),
    "read.too_large": Message(
        N_("The file has %(size)s bytes; at most %(limit)s are read."),
        N_("Take images out, or split it by component."),
    ),
    "read.too_many_lines": Message(
        N_("The text has %(lines)s lines; at most %(limit)s are read."),
        N_("Leave only the plan in the file."),
    ),
    "read.too_many_cells": Message(
        N_("The workbook has more than %(limit)s cells."),
        N_("Delete the rows and columns that only have format, and leave the plan's sheets."),
    ),
    "read.too_many_columns": Message(
        N_("A row has more than %(limit)s cells."), N_("Check the separator and the quotes of the CSV.")
    ),
    "read.too_wide": Message(
        N_("There is a cell beyond column %(columns)s or row %(rows)s."),
        N_("Delete what is far from the table and save again."),
    ),
    "read.merged_too_large": Message(
        N_("A merged cell covers more than %(limit)s cells."), N_("Unmerge it and save again.")
    ),
    "read.zip_bomb": Message(
        N_("The workbook unpacks to %(size)s bytes; at most %(limit)s are read."),
        N_("Save the table alone in a new workbook."),
    ),
    "read.broken_workbook": Message(
        N_("The workbook is broken or is protected by a password."),
        N_("Open it in a spreadsheet, take the password out and save it again as XLSX."),
    ),
    "read.csv_quotes": Message(
        N_("The CSV has a quotation mark that is never closed."),
        N_("Close the quotation mark, or save the table as XLSX."),
    ),
    "read.binary": Message(
        N_("The file is neither text nor a workbook."), N_("Import the plan as XLSX, CSV or text with tabs.")
    ),
    "read.encoding": Message(
        N_("The text is not well formed as %(encoding)s (at byte %(offset)s)."), N_("Save it again as UTF-8.")
    ),
    "read.pdf": Message(
        N_("It is a PDF."),
        N_("Import the workbook the PDF was made from; if there is none, the PDF's text with its tabs."),
    ),
    "read.old_office": Message(
        N_("It is an old Office document (XLS or DOC), or a workbook with a password."),
        N_("Save it as XLSX without a password."),
    ),
    "read.word": Message(N_("It is a Word document."), N_("Save it as text (.txt); tables keep their tabs.")),
    "read.opendocument": Message(N_("It is an OpenDocument file."), N_("Save it as XLSX, or as text.")),
    "read.rtf": Message(N_("It is an RTF document."), N_("Save it as text (.txt).")),
    "read.image": Message(
        N_("It is an image."), N_("Import the workbook or the text of the plan, not a picture of it.")
    ),
    "read.archive": Message(
        N_("It is a compressed file that holds no workbook."), N_("Unpack it and import the plan's file.")
    ),
    "read.html": Message(
        N_("It is a web page."), N_("Download the plan's file itself, or save its table as XLSX or CSV.")
    ),
    "read.no_table": Message(
        N_("No table of a plan was found."),
        N_(
            "The header of one of these layouts is expected: %(layouts)s. Check that you chose the right family."
        ),
    ),
    "read.no_items": Message(
        N_("The header of the table was found (%(layout)s), but no row of a plan below it."),
        N_("Check that the file is complete."),
    ),
    "not_plan.report": Message(
        N_("It is a report on what was done, not a plan."),
        N_(
            "Reports are not imported as plans: hand it in as a periodic report of the organismo, linked to the items it speaks of."
        ),
    ),
    "layout.other_family": Message(
        N_("The layout %(layout)s is not one of the family %(family)s."),
        N_("Choose another layout, or none."),
    ),
    "own.no_items": Message(
        N_('The workbook has no sheet "Elementos".'), N_("Export the plan again and edit that workbook.")
    ),
    "own.other_family": Message(
        N_("The workbook holds a plan of the family %(family)s, not %(wanted)s."),
        N_("Choose the family %(family)s."),
    ),
}
OPTIONS: dict[str, str] = {
    "option.keep_first": N_("Keep the first text"),
    "option.keep_second": N_("Keep the second text"),
    "option.keep_both": N_("Keep both, as two rows"),
    "option.leave_blank": N_("Leave it without a responsible"),
    "option.same_as_above": N_("The same as above: %(value)s"),
    "option.separate_row": N_("It is another duty"),
    "option.merge_above": N_("It is one duty with %(code)s"),
    "option.as_printed": N_("As it is printed: %(value)s"),
    "option.other_sector": N_("It should say: %(value)s"),
    "option.undecided": N_("Leave it undecided"),
    "option.value": N_("%(value)s"),
    "option.keep_item": N_("Keep it in the plan as it is"),
    "option.withdraw_item": N_("Withdraw it from the plan; its page and its history stay"),
    "option.as_sections": N_("The numbers of the section of commitments"),
    "option.as_mentions": N_("The numbers that the other parts use"),
}
#: Fields of an item, as parameters name them; a family may add its own.
FIELDS: dict[str, str] = {
    "description": N_("description"),
    "goal": N_("goal"),
    "product": N_("product"),
    "formula": N_("formula"),
    "result": N_("result"),
    "responsible": N_("responsible"),
    "activity": N_("activity"),
    "summary": N_("summary"),
    "hito": N_("milestone"),
    "problem": N_("public problem"),
    "relevance": N_("relevance to OGP values"),
    "population": N_("target population"),
    "change": N_("what will change"),
    "indicators_text": N_("indicators"),
    "schedule_text": N_("date"),
    "verification": N_("evidence"),
    "version": N_("version"),
    "period": N_("period"),
    "dimension": N_("management model's dimension"),
    "policy": N_("management policy"),
    "objective": N_("objective"),
    "plan_responsible": N_("person responsible of the plan"),
    "coordinator": N_("coordinating organismo"),
    "participants": N_("participating organismos"),
    "scope": N_("scope"),
    "entity": N_("entity"),
    "contact": N_("contact person"),
    "contact_role": N_("position of the contact"),
    "contact_email": N_("e-mail of the contact"),
}

#: Reasons of the light: the code, with how it came about where there are several ways.
#: ``%(…)s`` are numbers, days and dates as people write them.
REASON_TITLES: dict[str, str] = {
    "R1": N_("Overdue"),
    "R2": N_("Due soon with little progress"),
    "R3": N_("Behind schedule"),
    "R4": N_("Silence"),
    "R4b": N_("No changes, again and again"),
    "R5": N_("No evidence"),
    "R6": N_("What it depends on is overdue"),
    "R7": N_("Alert"),
    "R9": N_("Goal out of reach"),
    "manual": N_("Risk declared by the responsible"),
}
REASONS: dict[str, str] = {
    "R1": N_("It was due on %(due)s, %(days)s ago, and is not completed."),
    "R2.little": N_(
        "It is due on %(due)s (in %(days)s) and its progress is %(progress)s; at least %(least)s was expected by now."
    ),
    "R2.none": N_("It is due on %(due)s (in %(days)s) and nobody reported that it began."),
    "R2.little.today": N_(
        "It is due today, %(due)s, and its progress is %(progress)s; at least %(least)s was expected by now."
    ),
    "R2.none.today": N_("It is due today, %(due)s, and nobody reported that it began."),
    "R3.behind": N_(
        "By now %(expected)s was expected and its progress is %(progress)s: %(points)s points less (at risk from %(limit)s)."
    ),
    "R3.none": N_(
        "By now %(expected)s was expected and nobody reported that it began (at risk from %(limit)s points less)."
    ),
    "R4.silent": N_("No report for %(days)s, since %(since)s (at most %(limit)s)."),
    "R4.never": N_("Nobody has reported anything in %(days)s, since %(since)s (at most %(limit)s)."),
    "R4b": N_('The last %(times)s reports say only "no changes" (at risk from %(limit)s).'),
    "R5.done": N_("It was declared completed without any evidence."),
    "R5.broken": N_(
        "It was declared completed, and of its evidence (%(evidence)s) nothing is valid any more: it is open again."
    ),
    "R5.progress": N_(
        "Its progress is %(progress)s, the first of it reported on %(since)s, %(days)s ago, without valid evidence (at most %(limit)s)."
    ),
    "R6": N_("It depends on %(code)s, which was due on %(due)s, %(days)s ago, and is not completed."),
    "R6.elsewhere": N_(
        "It depends on %(code)s of another plan (%(plan)s), which was due on %(due)s, %(days)s ago, and is not completed."
    ),
    "R7.control_interno": N_(
        "Internal control raised an alert on %(since)s, %(days)s ago, that is still open."
    ),
    "R7.monitor": N_(
        "The independent monitor raised an alert on %(since)s, %(days)s ago, that is still open."
    ),
    "R7.control_interno.today": N_("Internal control raised an alert today, %(since)s, that is still open."),
    "R7.monitor.today": N_("The independent monitor raised an alert today, %(since)s, that is still open."),
    "R9": N_(
        "Of %(target)s, %(missing)s is missing with %(periods)s left; even at %(factor)s times the pace of its best period so far (%(best)s) only %(reach)s more would be reached."
    ),
    "manual": N_("Since %(since)s the responsible declares it at risk: %(text)s"),
    "manual.no_reason": N_("Since %(since)s the responsible declares it at risk."),
}
#: Short marks of an item.
LABELS: dict[str, str] = {
    "sin_programacion": N_("Without schedule"),
    "sin_responsable": N_("Without responsible"),
    "responsable_por_identificar": N_("Responsible to be identified"),
    "sin_meta": N_("Without a number to reach"),
    "sin_reporte": N_("Never reported"),
    "avance_declarado": N_("Progress as declared, without measurement"),
    "evidencia_privada": N_("With private evidence"),
    "evidencia_rota": N_("With broken evidence"),
    "reabierto_evidencia": N_("Open again: its evidence is no longer valid"),
    "reabierto_veredicto": N_("Open again: a verdict does not share that it was completed"),
    "condicional": N_("Conditional"),
    "fusionada": N_("One duty with the row above: it counts there"),
}
#: Why an evidence proves nothing today.
BREAKS: dict[str, str] = {
    "gone": N_("The link does not answer"),
    "changed": N_("The file is not the one that was handed in"),
    "closed": N_("It is public no more"),
}
#: What a change of state still needs.
NEEDS: dict[str, str] = {
    "need.evidence": N_("Add at least one valid evidence: nothing is completed without it."),
    "need.exception": N_("An indicator does not reach its target: write why it is completed all the same."),
    "need.reason": N_("Write the reason."),
    "need.act": N_("Name the act by which the plan was changed."),
}
#: Completion, in the words of the OGP's Independent Reporting Mechanism.
COMPLETIONS: dict[str, str] = {
    "no_evidence": N_("No evidence available"),
    "not_started": N_("Not started"),
    "limited": N_("Limited"),
    "substantial": N_("Substantial"),
    "complete": N_("Complete"),
}
#: Who judges from outside.
VERDICT_ROLES: dict[str, str] = {
    "control_interno": N_("Internal control"),
    "monitor": N_("Independent monitor"),
}
#: Where a cut is.
CUT_STATES: dict[str, str] = {
    "abierto": N_("Not due yet"),
    "en_plazo": N_("To be published by %(due)s"),
    "vencido": N_("Not published; it was due on %(due)s, %(days)s ago"),
    "publicado_a_tiempo": N_("Published in time"),
    "publicado_tarde": N_("Published %(days)s late"),
}
#: Settings of a plan's tracking, as its page prints them.
SETTINGS: dict[str, str] = {
    "cadence": N_("How often is reported"),
    "weights": N_("How the progress of parts makes the whole"),
    "count_unit": N_("What a cut counts"),
    "cut_days": N_("Days of the cuts"),
    "publish_business_day": N_("A cut is published by"),
    "zones": N_("Zones of compliance"),
    "excluded": N_("Left out of percentages"),
    "reminder_days": N_("Reminders before a due day"),
    "weights.equal": N_("each part weighs the same"),
    "weights.rows": N_("each tracked item weighs the same"),
    "weights.explicit": N_("by the weights of the plan"),
    "weights.budget": N_("by budget"),
    "count_unit.row": N_("each tracked item"),
    "count_unit.activity": N_("each activity; it is fulfilled when all its rows are"),
    "publish": N_("business day %(day)s of the month after"),
    "zone": N_("%(name)s (%(colour)s): from %(from)s"),
    "zone.upto": N_("%(name)s (%(colour)s): from %(from)s to less than %(to)s"),
    "reminders": N_("%(days)s business days before"),
}
#: What happened to an item, on its timeline.
ENTRIES: dict[str, str] = {
    "update": N_("Report"),
    "update.state": N_("Report: %(state)s"),
    "update.progress": N_("Report: progress of %(progress)s"),
    "update.both": N_("Report: %(state)s, progress of %(progress)s"),
    "update.confirms": N_("Report: no changes"),
    "update.risk": N_("The responsible declares it at risk"),
    "measurement": N_("Measurement of %(indicator)s, %(start)s to %(end)s: %(value)s"),
    "measurement.none": N_("Measurement of %(indicator)s, %(start)s to %(end)s, without a value"),
    "measurement.retracted": N_("Measurement of %(indicator)s, %(start)s to %(end)s, withdrawn"),
    "evidence": N_("Evidence: %(title)s"),
    "evidence.private": N_("Private evidence"),
    "evidence.retracted": N_("Evidence withdrawn"),
    "evidence.broken": N_("Evidence broken: %(breaks)s"),
    "evidence.valid_again": N_("Evidence valid again"),
    "verdict": N_("Verdict"),
    "verdict.agrees": N_("Verdict: agrees with what is declared"),
    "verdict.disagrees": N_("Verdict: does not agree with what is declared"),
    "verdict.completion": N_("Verdict: %(completion)s"),
    "verdict.alert": N_("Alert"),
    "verdict.closes": N_("Alert closed"),
    "answer": N_('Answer to "%(reason)s"'),
    "review.accepted": N_("Report accepted"),
    "review.returned": N_("Report returned"),
    "link": N_("Linked to %(code)s"),
    "link.removed": N_("No longer linked to %(code)s"),
    "change.added": N_("Added to the plan"),
    "change.removed": N_("Taken out of the plan"),
    "change.changed": N_("Change of the plan: %(field)s"),
    "light": N_("The light changed to %(after)s"),
    "light.from": N_("The light changed from %(before)s to %(after)s"),
}
