"""Going back is exact: whatever the values were and however they changed, the earlier ones are there again to the last
detail."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import whence
from tests.packs.settings.trees import DOCUMENTS
from whence.compare import same
from whence.packs import documents, rollback
from whence.packs.settings import Document
from whence.tree import version_of


def values(db: whence.Whence, document: str) -> Any:
    state = db.history().state(Document, f"settings:{document}")
    return {} if state is None else state.values


@given(trees=DOCUMENTS, document=st.sampled_from(["main", "flags.json"]), data=st.data())
@examples(max_examples=30, deadline=None)
def test_going_back_past_any_number_of_changes_is_exact(trees: list[Any], document: str, data: Any) -> None:
    with whence.open(":memory:", create=True) as db:
        documents.record(db, document, [documents.Version(values=tree) for tree in trees])
        last = data.draw(st.integers(1, len(trees)))
        done = rollback.rollback(db, document, last=last)
        wanted = trees[-last - 1] if last < len(trees) else {}
        assert same(values(db, document), wanted)
        assert done.version == version_of(wanted)
        assert len(done.undone) == last
        again = rollback.rollback(db, document, to=len(trees))
        assert same(values(db, document), trees[-1])
        assert again.version == version_of(trees[-1])
