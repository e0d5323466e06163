"""Cuts: the compliance of a plan on fixed days, frozen as bytes that anybody can compute again.

What counts at a cut: updates and measurements of periods up to its day, as recorded by the moment of the
freeze. One that names no period is of the day it was made.
"""
