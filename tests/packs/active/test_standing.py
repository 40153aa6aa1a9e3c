"""Each value in force is told with the change that set it, whatever the values were and however they changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import whence
from tests.packs.settings.trees import DOCUMENTS
from whence.compare import same
from whence.packs import changes, documents
from whence.packs.active.standing import standing
from whence.packs.settings.naming import name_of
from whence.tree import key_of, leaves


@given(trees=DOCUMENTS, document=st.sampled_from(["main", "flags.json"]))
@examples(max_examples=30, deadline=None)
def test_each_value_in_force_is_told_with_the_change_that_set_it(trees: list[Any], document: str) -> None:
    with whence.open(":memory:", create=True) as db:
        documents.record(db, document, [documents.Version(values=tree) for tree in trees])
        found = standing(changes.changes(db.history()))
        wanted = {name_of(document, key_of(path)): value for path, value in leaves(trees[-1]) if path}
        told = {name: each.value for name, each in found.items() if name != document}
        assert same(told, wanted)
        for name, each in found.items():
            later = [tree for position, tree in enumerate(trees, 1) if position >= each.change.position]
            for tree in later:
                known = {name_of(document, key_of(path)): value for path, value in leaves(tree)}
                assert name not in known or same(known[name], each.value)
