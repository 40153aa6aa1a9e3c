"""Reconciliation: two sides, each an account or a file, matched in stated passes, and every difference named.

`items` says what a side is, `passes` how lines find each other, `comparing` what is left and what it comes to,
`statement` the roll-forward, `keeping` the events that a reconciliation leaves behind."""
