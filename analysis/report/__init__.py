"""A study's report: one HTML page that needs nothing but itself.

`contents` gathers what the page says as plain data, `page` makes HTML of it with the templates beside it, which escape
whatever they are given.
"""
