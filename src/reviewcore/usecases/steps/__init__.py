"""What several use cases do alike with a transaction; never an entry point.

A step is called by use cases that hold the locks it names. It writes what it changes, announces
it, and returns the entities as they are afterwards.
"""
