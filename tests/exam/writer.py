"""A writer to be killed: appends to a store and says so and when it began,
one line an append, only after the append has returned."""

from __future__ import annotations

import os
import sys
import time

from tests.exam import small
from whence.events import Event
from whence.stores.opening import open_store


def main(url: str, name: str, size: int) -> None:
    """Append until killed; closing its input ends it in peace. Each event says which append it is a part of."""
    store = open_store(url, create=True)
    number = 0
    os.set_blocking(0, False)
    while not stopped():
        data = {"append": f"{name}-{number}", "of": size}
        begun = time.monotonic_ns()
        store.append([Event("Written", data, (f"writer:{name}", f"n:{number % 97}_{part}")) for part in range(size)])
        os.write(1, f"{name}-{number} {begun}\n".encode())
        number += 1
    store.close()


def stopped() -> bool:
    try:
        os.read(0, 100)
    except BlockingIOError:  # nothing was said and nobody has gone
        return False
    return True


if __name__ == "__main__":
    if sys.argv[4] == "small":
        small.shrink(small.FOR_KILLS)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
