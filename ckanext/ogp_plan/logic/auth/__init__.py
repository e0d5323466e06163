"""Who may do what with plans, one module a noun: the matrix of :mod:`.services.permission`, for each action.

A request is not validated yet here: a value may be of any type. What cannot be used counts as not given,
and who may do the thing at all learns from the validation what is wrong with it.
"""
