"""The processes of this machine that replay: started anew, so that nothing of this one is in them, and ended at once
where something goes wrong, be it that this one is killed. An executor of somebody else's is left to them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

from whence.errors import InvalidQuery


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """So many processes, as an executor. They end with the block; where it raises, they are killed. Raises InvalidQuery
    for less than one."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InvalidQuery("Not a number of processes", processes=count, remedy="Write a whole number from 1.")
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield pool
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.kill()
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


def _begin() -> None:
    """A terminal interrupts all processes of a command; only the one that was typed is to say so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process that was killed cannot end those that it began, and they would wait for work for ever."""
    parent = parent_process()
    assert parent is not None, "a process of a pool was begun by another"
    parent.join()
    os._exit(1)
