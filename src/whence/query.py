"""Which events a decision looks at, and the condition under which an append may happen: the vocabulary of the
Dynamic Consistency Boundary standard (dcb.events). Evaluating a query over stored events is left to the stores."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from whence.errors import InvalidQuery
from whence.grammar import TAGS_MAX as ITEM_TAGS_MAX
from whence.grammar import normal_tags, normal_type

TAGS_MAX = 30_000
"""In all items together. SQLite takes no more in one statement."""
ITEMS_CERTAINLY_FEW = TAGS_MAX // ITEM_TAGS_MAX
"""So many items have no more tags than that, whatever they are."""


class QueryItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Matches an event whose type is one of `types` AND which carries all of `tags`; an empty side matches any.

    Raises InvalidQuery when both sides are empty, InvalidEvent when a type or tag breaks the grammar.
    """

    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.types, str) or isinstance(self.tags, str):
            raise InvalidQuery("Types and tags are lists", remedy='Write QueryItem(types=["EmailOpened"]).')
        if not self.types and not self.tags:
            raise InvalidQuery("QueryItem() selects nothing", remedy="Use Query.all() for every event.")
        msgspec.structs.force_setattr(self, "types", tuple(sorted({normal_type(name) for name in self.types})))
        msgspec.structs.force_setattr(self, "tags", normal_tags(self.tags))

    def matches(self, type: str, tags: Collection[str]) -> bool:
        return (not self.types or type in self.types) and all(tag in tags for tag in self.tags)


class Query(msgspec.Struct, frozen=True):
    """Query items OR-ed together: an event matches when any item matches. `Query.all()` matches every event.

    Raises InvalidQuery when made of nothing.
    """

    items: tuple[QueryItem, ...] = ()

    def __post_init__(self) -> None:
        if not self.items:
            raise InvalidQuery("Query() selects nothing", remedy="Use Query.all() for every event.")
        items = tuple(self.items)
        for item in items:
            if not isinstance(item, QueryItem):
                raise InvalidQuery("A query is made of items", item=repr(item)[:80], remedy="Write Query.of(tags=[…]).")
        if len(items) > ITEMS_CERTAINLY_FEW and sum(len(item.tags) for item in items) > TAGS_MAX:
            raise InvalidQuery("A query has too many tags", most=TAGS_MAX, remedy="Ask in several queries.")
        msgspec.structs.force_setattr(self, "items", items)

    @classmethod
    def all(cls) -> Query:
        """Every event."""
        return _ALL

    @classmethod
    def of(cls, *, types: Iterable[str] = (), tags: Iterable[str] = ()) -> Query:
        """One item: any of these types, all of these tags."""
        return cls((QueryItem(types=tuple(types), tags=tuple(tags)),))

    def __or__(self, other: Query) -> Query:
        return _ALL if self.is_all or other.is_all else Query(tuple(dict.fromkeys(self.items + other.items)))

    @property
    def is_all(self) -> bool:
        return self is _ALL

    def matches(self, type: str, tags: Collection[str]) -> bool:
        return self.is_all or any(item.matches(type, tags) for item in self.items)

    def to_json(self) -> dict[str, Any]:
        """`{"all": true}`, or `{"items": [{"types": […], "tags": […]}]}`; the same query always gives the same text."""
        if self.is_all:
            return {"all": True}
        return {"items": msgspec.json.decode(msgspec.json.encode(self.items))}

    @classmethod
    def from_json(cls, value: Any) -> Query:
        """The query that `to_json` wrote. Raises InvalidQuery."""
        if value == {"all": True}:
            return _ALL
        try:
            return cls(tuple(QueryItem(i.get("types", ()), i.get("tags", ())) for i in value["items"]))
        except (TypeError, KeyError, AttributeError):
            raise InvalidQuery("Not a query", value=repr(value)) from None

    def __repr__(self) -> str:
        return f"Query({self})"

    def __str__(self) -> str:
        return "everything" if self.is_all else " or ".join(map(_item_text, self.items))

    def __reduce__(self) -> tuple[Any, ...]:
        return Query.from_json, (self.to_json(),)

    def __copy__(self) -> Query:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Query:
        return self


def _make_all() -> Query:
    query = Query((QueryItem(types=("All",)),))
    msgspec.structs.force_setattr(query, "items", ())
    return query


def _item_text(item: QueryItem) -> str:
    return " ".join((*(item.types and ("|".join(item.types),)), *item.tags))


_ALL = _make_all()


class AppendCondition(msgspec.Struct, frozen=True):
    """Refuse the append if and only if an event with a position greater than `after` matches the query.

    Without `after` the whole store is looked at. Pass the head that the read returned, also when it found nothing.
    """

    fail_if_events_match: Query
    after: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.fail_if_events_match, Query):
            raise InvalidQuery("A condition needs a Query", value=repr(self.fail_if_events_match))
        if self.after is not None:
            _check_position("after", self.after)


class Basis(msgspec.Struct, frozen=True):
    """What a decision was made on: the query it read, the head it saw, the version of the settings in force, and the
    fields of the state that it read, where they are known.

    Raises InvalidQuery when a part is something else.
    """

    query: Query
    position: int
    settings: str | None = None
    reads: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        texts = self.reads if self.settings is None else (self.settings, *(self.reads or ()))
        if not isinstance(self.query, Query) or not all(isinstance(text, str) for text in texts or ()):
            raise InvalidQuery("A basis is a Query, a position, a text and names of fields", basis=repr(self)[:80])
        _check_position("position", self.position)

    def to_json(self) -> dict[str, Any]:
        given = {"settings": self.settings, "reads": None if self.reads is None else list(self.reads)}
        known = {name: value for name, value in given.items() if value is not None}
        return {"query": self.query.to_json(), "position": self.position, **known}

    @classmethod
    def from_json(cls, value: Any) -> Basis:
        """The basis that `to_json` wrote. Raises InvalidQuery."""
        try:
            reads = value.get("reads")
            given = value.get("settings"), None if reads is None else tuple(reads)
            return cls(Query.from_json(value["query"]), value["position"], *given)
        except (TypeError, KeyError, AttributeError):
            raise InvalidQuery("Not a basis", value=repr(value)[:80]) from None


def _check_position(name: str, position: int) -> None:
    if type(position) is not int or not 0 <= position < 2**63:
        raise InvalidQuery("A position is a whole number from 0", **{name: repr(position)})
