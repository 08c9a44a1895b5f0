"""How every entity is drawn: what may vary, and what follows from it."""
