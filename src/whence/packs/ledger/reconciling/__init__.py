"""Reconciling: two sides, each an account here or a file, matched by evidence in stated passes, and every difference
named. It knows of the ledger only its entries.

Read it in this order: `sides`, what is compared; `passes`, how lines find each other; `comparing`, what is left and
what it comes to; `statement`, the roll-forward; `events` and `state`, a difference until it is settled; `keeping`, a
reconciliation as it is run, recorded and asked about. `ties` is apart: postings beside the balances that their own
source states."""
