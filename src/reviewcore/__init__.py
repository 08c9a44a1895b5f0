"""A two-sided market for music feedback: pure rules inside, pluggable technology outside.

Nothing is imported here, so that ``import reviewcore`` costs nothing; start with
:func:`reviewcore.bootstrap.in_memory`.
"""
