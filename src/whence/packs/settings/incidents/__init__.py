"""Something went wrong: three questions of the changes, each a table by itself. Read `suspects` (which one may it have
been), `claims` (which do something else than their reason says) and `affected` (what a version touched)."""
