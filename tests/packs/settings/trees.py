"""Values of a document, made up: any names, and values within values."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "main", "x.y", "q/r", "k:v", ""])
SCALARS = st.sampled_from([None, True, 0, 1, 1.0, "", "text"])
TREES = st.recursive(SCALARS, lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2))
DOCUMENTS = st.lists(st.dictionaries(NAMES, TREES, max_size=3), min_size=1, max_size=5)
