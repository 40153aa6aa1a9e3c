"""Scorecards: which one is meant, which was in force when, and what it comes to."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from whence.adoption import Adopted, Adoption, adopt, adoptions, in_force, is_adoptable, succession, with_version
from whence.app.opened import Moment, Opened, Progress
from whence.clock import to_iso
from whence.errors import InvalidModel, InvalidTime, NotKnown
from whence.events import Recorded
from whence.grammar import split_tag
from whence.history import events_by_entity
from whence.query import Query
from whence.scoring import (
    CardChange,
    Checked,
    Crossing,
    Scorecard,
    Shares,
    Standing,
    changes,
    check_scores,
    live,
    shares,
)
from whence.scoring import succession as as_it_was
from whence.segments import is_installed

if TYPE_CHECKING:
    from whence.scoring.succession import Succession
    from whence.segments.scoring import Scored


class Scoring(Opened):
    def scorecard(self, entity_or_kind: str, named: str | Scorecard | None = None) -> Scorecard:
        """The scorecard of a kind (`lead`) or entity (`lead:42`): the one named, else that of the kind's
        name, else whence.toml's only one for it. `cards.toml:NAME` is one of another file; `NAME@now`, a moment or the
        beginning of a version behind the @, is one that was adopted, and is called by its version.

        Raises InvalidConfig when there is none, NotKnown for none adopted, InvalidModel when it is for another kind.
        """
        kind = entity_or_kind.partition(":")[0]
        if named is None:
            return self.config.scorecard_of(kind)
        if isinstance(named, str) and self._is_adopted(named):
            adopted = self.adopted(*named.split("@", 1)).card
            card = msgspec.structs.replace(adopted, name=f"{adopted.name}@{adopted.short_version}")
        else:
            card = self.config.scorecard(named) if isinstance(named, str) else named
        if card.kind != kind:
            remedy = f"Ask about a {card.kind}, or name another scorecard."
            raise InvalidModel("The scorecard is for another kind", scorecard=card.name, kind=card.kind, remedy=remedy)
        return card

    def adopt(
        self,
        card: str | Scorecard,
        *,
        by: str,
        reason: str,
        time: datetime | str | None = None,
        id: str | None = None,
    ) -> Adopted:
        """Put a scorecard in force from now on, or from an earlier `time`: an event that holds all of it, with its
        author and the reason. The card is named as for `scorecard`, so that `lead@3f2a` takes up an earlier version.

        Where this version is in force then, nothing is appended. With an `id` for the event a retry is safe whatever
        came between. Raises ConditionFailed when somebody adopted another card meanwhile, and as adoption.adopt does.
        """
        if isinstance(card, str) and self._is_adopted(card):
            chosen = self.adopted(*card.split("@", 1)).card
        else:
            chosen = self.config.scorecard(card) if isinstance(card, str) else card
        return adopt(self.store, chosen, by=by, reason=reason, time=self._edge(time, "first_us"), id=id)

    def adopted(self, name: str, which: Moment = None) -> Adoption:
        """The version of a scorecard that was in force at a moment, or whose version begins with this text. Raises
        NotKnown."""
        found = adoptions(self.history(), name)
        if isinstance(which, str) and (named := with_version(found, which)):
            return named
        try:
            moment = self.at(which)
        except InvalidTime:
            versions = ", ".join(dict.fromkeys(each.card.short_version for each in found)) or "none"
            remedy = f"Adopted were: {versions}. Write the beginning of one, or a time."
            raise NotKnown("No such version, and no time", scorecard=name, named=which, remedy=remedy) from None
        known = in_force(adoptions(self.history(moment), name))
        if known is None:
            first = f"{to_iso(found[0].since_us)}, by @{found[0].event.position}" if found else ""
            remedy = f"Its first version is in force since {first}." if found else ""
            remedy = remedy or f"Adopt it: whence scorecard adopt {name} --by WHO --why REASON."
            raise NotKnown("No such scorecard had been adopted", scorecard=name, remedy=remedy)
        return known

    def scorecard_log(self, name: str | None = None) -> list[Adoption]:
        """The versions of a scorecard, or of all, in the order in which they came into force: since when, by whom, why,
        and what each changed."""
        return adoptions(self.history(), name)

    def scorecard_diff(self, name: str, before: Moment = None, after: Moment = None) -> list[CardChange]:
        """What differs between two versions of a scorecard, each named by its beginning or by a moment: by default
        between the one in force now and the one that whence.toml says. Raises NotKnown, InvalidConfig."""
        then = self.adopted(name, before).card
        return changes(then, self.config.scorecard(name) if after is None else self.adopted(name, after).card)

    def adoption_of(self, card: Scorecard) -> Adoption | None:
        """The newest adoption of this version of a card; None for one that was never adopted."""
        name = card.name.partition("@")[0] if self._is_adopted(card.name) else card.name
        return with_version(adoptions(self.history(), name), card.version) if is_adoptable(name) else None

    def in_force(self, name: str) -> Adoption | None:
        """The version of a scorecard that is in force now; None where none was adopted."""
        return in_force(adoptions(self.history(), name)) if is_adoptable(name) else None

    def types_without_events(self, card: Scorecard) -> list[str]:
        """The event types that rules of a card are about and that no event has: not yet, or mistyped."""
        types = dict.fromkeys(type for rule in card.rules for type in rule.on or ())
        return [type for type in types if not any(self.store.read(Query.of(types=[type]), limit=1))]

    def _is_card(self, named: str) -> bool:
        """Whether a name is that of a scorecard, here or in another file, or of an adopted one."""
        return named in self.config.scorecards or self._is_adopted(named) or ".toml" in named

    def _is_adopted(self, named: str) -> bool:
        """Whether a name is that of an adopted version."""
        return "@" in named and named not in self.config.scorecards

    def succession(self, entity_or_kind: str, card: str | None = None, *, at: Moment = None) -> Succession:
        """The versions of a scorecard that had been adopted by a moment, or the first: what as_scored scores by. The
        card is the one named, else whence.toml's for the kind, else the one of the kind's name or the only one that was
        adopted. Raises NotKnown, and InvalidModel for a card of another kind."""
        kind, whole = entity_or_kind.partition(":")[0], self.history()
        name = card or self._adopted_for(kind)
        if self._is_adopted(name):
            remedy = f"Write {name.partition('@')[0]}, or score without as_scored."
            raise InvalidModel("As it was scored, each version counts in its time", scorecard=name, remedy=remedy)
        known = adoptions(whole, name)
        if not known:
            remedy = f"Adopt it: whence scorecard adopt {name} --by WHO --why REASON, with --time if it was so before."
            raise NotKnown("No such scorecard was adopted", scorecard=name, remedy=remedy)
        if known[0].card.kind != kind:
            facts = {"scorecard": name, "kind": known[0].card.kind}
            raise InvalidModel("The scorecard is for another kind", remedy="Name another scorecard.", **facts)
        return succession((known if at is None else adoptions(self.history(at), name)) or known[:1])

    def _adopted_for(self, kind: str) -> str:
        """The name of the card that as_scored means for a kind."""
        if any(table.get("kind", name) == kind for name, table in self.config.scorecards.items()):
            return self.config.scorecard_of(kind).name
        names = list(dict.fromkeys(each.name for each in adoptions(self.history()) if each.card.kind == kind))
        return names[0] if len(names) == 1 else kind

    def score(
        self, entity: str, *, card: str | Scorecard | None = None, at: Moment = None, as_scored: bool = False
    ) -> Standing:
        """What a scorecard comes to for an entity: as of a time, from what had happened by then; by position or by the
        recorded clock from what was recorded by then, and as of the last of it. With `as_scored` each award is made by
        the version that was in force at its event (whence.scoring.succession). Raises InvalidConfig, InvalidEvent,
        and as `succession` does."""
        if as_scored:
            return as_it_was.score(self.succession(entity, _name_of(card), at=at), *self._scored(entity, at))
        return live.score(self.scorecard(entity, card), *self._scored(entity, at))

    def crossings(
        self, entity: str, *, card: str | Scorecard | None = None, at: Moment = None, as_scored: bool = False
    ) -> list[Crossing]:
        """When an entity's scores reached a threshold or fell below it, in order; the rest as for a score."""
        if as_scored:
            return as_it_was.crossings(self.succession(entity, _name_of(card), at=at), *self._scored(entity, at))
        return list(live.crossings(self.scorecard(entity, card), *self._scored(entity, at)))

    def shares(
        self,
        entity: str,
        score: str | None = None,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        as_scored: bool = False,
    ) -> Shares:
        """What a score of an entity is made of, the card's first unless it is named: each rule's exact share with its
        events; the rest as for a score."""
        events, moment = self._scored(entity, at)
        if as_scored:
            return as_it_was.shares(self.succession(entity, _name_of(card), at=at), events, score, moment)
        return shares(self.scorecard(entity, card), events, score, moment)

    def scores_as_scored(
        self,
        kind: str,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> dict[str, Standing]:
        """What `score` with as_scored gives, for every entity of a kind, in the order of their first events.

        Columns know one card: where one version was in force throughout, this is `scores` by it; else, for a moment
        that `scores` does not take, and without the extra `columns`, it reads the whole history and holds it in memory,
        entity by entity."""
        versions, moment = self.succession(kind, _name_of(card), at=at), self.at(at)
        is_time = moment.position is None and moment.recorded_us is None
        if len(versions.versions) == 1 and is_time and is_installed():
            return self.scores(kind, card=versions.card, at=moment, progress=progress).by_entity()
        by_entity = events_by_entity(self.history(moment).told_events(progress), kind)
        return {entity: as_it_was.score(versions, its, moment.occurred_us) for entity, its in by_entity.items()}

    def scores(
        self,
        kind: str,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> Scored:
        """What a scorecard comes to for every entity of a kind, over columns. `at` is a time by the occurred clock, or
        None for each as of its last event. Raises as segments does, InvalidTime for another moment, InvalidEvent."""
        chosen, time_us = self.scorecard(kind, card), self._time_of_all(at)
        with self.segments(chosen.kind, progress=progress) as segments:
            from whence.segments.scoring import score_segments

            return score_segments(segments, chosen, time_us)

    def _time_of_all(self, at: Moment) -> int | None:
        """The time that all entities are scored as of; None for each as of its last event. Raises InvalidTime."""
        moment = self.at(at)
        if moment.position is not None or moment.recorded_us is not None:
            remedy = "Give a time by the clock of what happened, or ask about one entity."
            raise InvalidTime("All entities are scored as of a time at which things happened", remedy=remedy)
        return moment.occurred_us

    def check_scores(
        self,
        entity_or_kind: str,
        type: str,
        field: str,
        *,
        score: str | None = None,
        card: str | Scorecard | None = None,
        tolerance: int | Decimal = 0,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> Checked:
        """How far a scorecard agrees with the score that events of a type record in a field: for how many entities and
        moments, and where they first differ (scoring.check_scores). For a kind it reads the whole history, and holds it
        in memory."""
        chosen, history = self.scorecard(entity_or_kind, card), self.history(at)
        if ":" in entity_or_kind:
            split_tag(entity_or_kind)
            own = list(history.events(Query.of(tags=[entity_or_kind])))
            return check_scores(chosen, [(entity_or_kind, own)], type, field, score=score, tolerance=tolerance)
        by_entity = events_by_entity(history.told_events(progress), chosen.kind)
        return check_scores(chosen, by_entity.items(), type, field, score=score, tolerance=tolerance)

    def _scored(self, entity: str, at: Moment) -> tuple[list[Recorded], int | None]:
        """The events of an entity that were there by a moment, and the time that they are to be scored as of."""
        split_tag(entity)
        moment = self.at(at)
        return list(self.history(at).events(Query.of(tags=[entity]))), moment.occurred_us


def _name_of(card: str | Scorecard | None) -> str | None:
    """What a card is called."""
    return card.name if isinstance(card, Scorecard) else card
