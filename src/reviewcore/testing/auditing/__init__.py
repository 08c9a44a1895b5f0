"""What the state machine and the simulator ask of a whole market: what it holds, what is wrong.

Needs no Hypothesis, which takes a second of every process that imports it.
"""
