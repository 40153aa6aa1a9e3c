"""UmaDB: its own server from the package, in a process of its own on loopback, and its Python client."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import umadb

from benchmarks.workload import DECODE, Lead, Parts, apply, encode

STARTING_TRIES = 200


class Umadb:
    settings = "its defaults, by which each append is synced before it is acknowledged"

    def __init__(self, folder: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        program = os.path.join(os.path.dirname(sys.executable), "umadb")
        line = [program, "--listen", f"127.0.0.1:{port}", "--db-path", os.path.join(folder, "uma.db")]
        self.server = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.client = self._connected(f"http://127.0.0.1:{port}")
        except BaseException:
            self.close()
            raise

    def _connected(self, url: str) -> umadb.Client:
        for _ in range(STARTING_TRIES):
            try:
                client = umadb.Client(url)
                client.head()
            except umadb.TransportError:  # the server is not up yet
                if self.server.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return client
        raise RuntimeError("The server of umadb did not start within ten seconds")

    def append(self, batch: list[Parts]) -> None:
        self.client.append([umadb.Event(p.type, encode(p.data), list(p.tags), p.id) for p in batch])

    def load(self, entity: int) -> Lead:
        lead = Lead()
        query = umadb.Query([umadb.QueryItem(tags=[f"lead:{entity}"])])
        for sequenced in self.client.read(query):
            event = sequenced.event
            apply(lead, event.event_type, DECODE[event.event_type](event.data))
        return lead

    def read_all(self) -> int:
        count = 0
        for sequenced in self.client.read():
            event = sequenced.event
            DECODE[event.event_type](event.data)
            count += 1
        return count

    def fold_all(self) -> int:
        states: dict[str, Lead] = {}
        for sequenced in self.client.read():
            event = sequenced.event
            tag = next(tag for tag in event.tags if tag.startswith("lead:"))
            lead = states.get(tag)
            if lead is None:
                lead = states[tag] = Lead()
            apply(lead, event.event_type, DECODE[event.event_type](event.data))
        return len(states)

    def close(self) -> None:
        self.server.terminate()
        self.server.wait(30)
