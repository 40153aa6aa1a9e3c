"""The eventsourcing package on SQLite: its recorder called directly, and its application layer. It has streams instead
of tags, so an event's tags and id travel in its state; SQLite's synchronous is FULL, which is its default there."""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from typing import Any

import msgspec
from eventsourcing.application import Application as BaseApplication
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from benchmarks.workload import DECODE, TYPES, Lead, Parts, apply, encode

NAMESPACE = uuid.UUID(int=0x5EED)
PAGE = 1000
FULL = "2"


class _State(msgspec.Struct):
    id: str
    tags: list[str]
    data: msgspec.Raw


_decode_state = msgspec.json.Decoder(_State).decode


def stream(entity: int) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, str(entity))


def _check_durable(recorder: SQLiteApplicationRecorder) -> None:
    """The setting belongs to a connection, and each of the pool is made alike."""
    with recorder.datastore.transaction(commit=False) as cursor:
        found = []
        for setting in ("journal_mode", "synchronous"):
            cursor.execute(f"PRAGMA {setting}")
            found.append(str(cursor.fetchone()[0]))
    if found != ["wal", FULL]:
        raise RuntimeError(f"eventsourcing is not as durable as the others: {found}")


class Recorder:
    settings = "WAL, synchronous=FULL (its default, checked)"

    def __init__(self, folder: str) -> None:
        self.recorder = SQLiteApplicationRecorder(SQLiteDatastore(os.path.join(folder, "events.db")))
        self.recorder.create_table()
        _check_durable(self.recorder)
        self.versions: defaultdict[int, int] = defaultdict(int)

    def append(self, batch: list[Parts]) -> None:
        stored = []
        for parts in batch:
            self.versions[parts.entity] += 1
            state = encode({"id": str(parts.id), "tags": parts.tags, "data": parts.data})
            stored.append(StoredEvent(stream(parts.entity), self.versions[parts.entity], parts.type, state))
        self.recorder.insert_events(stored)

    def load(self, entity: int) -> Lead:
        lead = Lead()
        for stored in self.recorder.select_events(stream(entity)):
            apply(lead, stored.topic, DECODE[stored.topic](_decode_state(stored.state).data))
        return lead

    def read_all(self) -> int:
        return sum(1 for _ in self._all())

    def fold_all(self) -> int:
        states: dict[Any, Lead] = {}
        for stored, value in self._all():
            lead = states.get(stored.originator_id)
            if lead is None:
                lead = states[stored.originator_id] = Lead()
            apply(lead, stored.topic, value)
        return len(states)

    def _all(self) -> Any:
        start = 1
        while page := self.recorder.select_notifications(start, PAGE):
            for stored in page:
                yield stored, DECODE[stored.topic](_decode_state(stored.state).data)
            start = page[-1].id + 1

    def close(self) -> None:
        self.recorder.datastore.close()


class _Lead(Aggregate):
    def __init__(self) -> None:
        self.lead = Lead()

    @event("EmailOpened")
    def email_opened(self, id: str, tags: list[str], data: dict[str, Any]) -> None:
        apply(self.lead, "EmailOpened", msgspec.convert(data, TYPES["EmailOpened"]))

    @event("LeadScored")
    def lead_scored(self, id: str, tags: list[str], data: dict[str, Any]) -> None:
        apply(self.lead, "LeadScored", msgspec.convert(data, TYPES["LeadScored"]))


class Application:
    settings = "WAL, synchronous=FULL (its default, checked)"

    def __init__(self, folder: str) -> None:
        self.app: Any = BaseApplication(
            env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": os.path.join(folder, "events.db")}
        )
        _check_durable(self.app.recorder)
        self.leads: dict[int, _Lead] = {}
        self.ids_path = os.path.join(folder, "ids.json")
        if os.path.exists(self.ids_path):
            with open(self.ids_path, "rb") as file:
                self.ids = {int(k): uuid.UUID(v) for k, v in msgspec.json.decode(file.read()).items()}

    def append(self, batch: list[Parts]) -> None:
        touched: dict[int, _Lead] = {}
        for parts in batch:
            lead = self.leads.get(parts.entity)
            if lead is None:
                lead = self.leads[parts.entity] = _Lead()
            method = lead.email_opened if parts.type == "EmailOpened" else lead.lead_scored
            method(str(parts.id), list(parts.tags), parts.data)
            touched[parts.entity] = lead
        self.app.save(*touched.values())

    def load(self, entity: int) -> Lead:
        known = self.ids.get(entity)
        return Lead() if known is None else self.app.repository.get(known).lead

    def read_all(self) -> int:
        return sum(not isinstance(occurred, Aggregate.Created) for occurred in self._all())

    def fold_all(self) -> int:
        states: dict[Any, Any] = {}
        for occurred in self._all():
            states[occurred.originator_id] = occurred.mutate(states.get(occurred.originator_id))
        return len(states)

    def _all(self) -> Any:
        start = 1
        while page := self.app.recorder.select_notifications(start, PAGE):
            for notification in page:
                yield self.app.mapper.to_domain_event(notification)
            start = page[-1].id + 1

    def close(self) -> None:
        if self.leads:
            with open(self.ids_path, "wb") as file:
                file.write(msgspec.json.encode({str(k): str(lead.id) for k, lead in self.leads.items()}))
        self.app.close()
