"""The floors: what the library was logged to send, as pgbench scripts.

``python -m bench.floors`` runs each operation once through the library on a server that logs every
statement, and writes the scripts beside this file: *as sent* has the same statements, *one by one*
has each write as a statement of its own. Values become expressions of pgbench's variables.
"""
