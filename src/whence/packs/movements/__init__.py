"""Movements: what moves money, as pure functions of what is known. Nothing is written here and no store is read: the
pack `book` appends what they come to, under the condition that they held, and makes a command of each.

Read it in this order: `laws`, what double entry allows; `known`, what every verb is told; and `verbs`, what a charge, a
refund or a reversal comes to."""

from whence.pack import Pack

PACK = Pack(name="ledger.movements", title="Ledger: what moves money, and what double entry allows", states=())
