"""Measure reviewcore beside pgbench doing the same work: see README.md."""
