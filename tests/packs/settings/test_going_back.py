"""Going back is exact: whatever the values were and however they changed, the earlier ones are there again to the last
detail, and each value in force is told with the change that set it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import whence
from whence.compare import same
from whence.packs import documents, settings
from whence.packs.settings import Document
from whence.packs.settings.naming import name_of
from whence.packs.settings.standing import standing
from whence.tree import key_of, leaves, version_of

NAMES = st.sampled_from(["a", "b", "main", "x.y", "q/r", "k:v", ""])
SCALARS = st.sampled_from([None, True, 0, 1, 1.0, "", "text"])
TREES = st.recursive(SCALARS, lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2))
DOCUMENTS = st.lists(st.dictionaries(NAMES, TREES, max_size=3), min_size=1, max_size=5)


def values(db: whence.Whence, document: str) -> Any:
    state = db.history().state(Document, f"settings:{document}")
    return {} if state is None else state.values


@given(trees=DOCUMENTS, document=st.sampled_from(["main", "flags.json"]), data=st.data())
@examples(max_examples=30, deadline=None)
def test_going_back_past_any_number_of_changes_is_exact(trees: list[Any], document: str, data: Any) -> None:
    with whence.open(":memory:", create=True) as db:
        documents.record(db, document, [documents.Version(values=tree) for tree in trees])
        last = data.draw(st.integers(1, len(trees)))
        done = settings.rollback(db, document, last=last)
        wanted = trees[-last - 1] if last < len(trees) else {}
        assert same(values(db, document), wanted)
        assert done.version == version_of(wanted)
        assert len(done.undone) == last
        again = settings.rollback(db, document, to=len(trees))
        assert same(values(db, document), trees[-1])
        assert again.version == version_of(trees[-1])


@given(trees=DOCUMENTS, document=st.sampled_from(["main", "flags.json"]))
@examples(max_examples=30, deadline=None)
def test_each_value_in_force_is_told_with_the_change_that_set_it(trees: list[Any], document: str) -> None:
    with whence.open(":memory:", create=True) as db:
        documents.record(db, document, [documents.Version(values=tree) for tree in trees])
        found = standing(settings.changes(db.history()))
        wanted = {name_of(document, key_of(path)): value for path, value in leaves(trees[-1]) if path}
        told = {name: each.value for name, each in found.items() if name != document}
        assert same(told, wanted)
        for name, each in found.items():
            later = [tree for position, tree in enumerate(trees, 1) if position >= each.change.position]
            for tree in later:
                known = {name_of(document, key_of(path)): value for path, value in leaves(tree)}
                assert name not in known or same(known[name], each.value)
