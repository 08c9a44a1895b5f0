"""Technology: one folder each, none knows another."""
