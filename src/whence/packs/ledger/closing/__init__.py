"""Closing: a period that two people sign, proved again at any time, and its evidence as a folder to hand over.

Read `periods`, then `evidence`; `evidence.css` is how its page looks."""
