"""The figures of a study, drawn from its plan and the record: one file for each, and `catalogue` for all of them.

A figure is made in two steps: plain numbers (which tests hold against known values), then the drawing of them. Heavy
packages are imported by the functions that need them.
"""
