"""Snapshots: all states of a kind at a few positions, kept beside a store so that a fold need not begin at the first
event; derived from it, never the truth, and made only where somebody asks for them."""
