"""Holds: money that is set aside on its account, then captured, which takes it to another, or released. As in the pack
movements nothing is written here: the pack `book` appends what they come to, and makes a command of each.

Read `verbs`."""

from whence.pack import Pack

PACK = Pack(name="ledger.holds", title="Ledger: money that is set aside", states=())
