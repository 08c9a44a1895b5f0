"""What goes out: entities in the public vocabulary, one class a view.

A view lists what is public; secrets, leases and the worker's own times are never listed.
"""
