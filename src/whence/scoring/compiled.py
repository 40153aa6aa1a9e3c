"""Loops over arrays as machine code. numba compiles them once on a machine, which takes seconds; from then on LLVM
alone loads what it made, since to import numba and its ways with types takes longer than to score a million events.

What comes of the compiler stands by itself: nothing of Python or numba is left in it. So a function that is compiled,
and those of its module that it calls, make no array, raise nothing, and divide by nothing that can be zero. It is kept
beside the bytecode of its module, or in `whence` of the cache folder of the user, and may be deleted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from ctypes import CFUNCTYPE, byref, c_int32, c_int64, c_void_p
from importlib.metadata import version
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from threading import Lock
from types import FunctionType
from typing import Any, cast

import numpy as np

from whence.wholefile import whole_file

COMPILED = find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
"""Whether numba is there and wanted; without it the functions run as they are, some hundred times as slowly."""

_NAME = "compiled"
_ADDRESS, _INTEGER = "ptr", "i64"
_lock = Lock()


class Compiled:
    """A function of arrays (C-contiguous), integers and named tuples of both, that gives an integer. It is compiled for
    the types of its first arguments, and again for others; Python's lock is let go of while it runs."""

    def __init__(self, function: Callable[..., int]) -> None:
        self._function = function
        self._source = _source(function)  # as it is now: it may be replaced before the first call
        self._codes: dict[tuple[str, ...], Callable[..., int]] = {}

    def __call__(self, *arguments: Any) -> int:
        if not COMPILED:
            return self._function(*arguments)
        kinds = tuple(_kinds(arguments))
        with _lock:
            if kinds not in self._codes:
                code = self._code(kinds, arguments)
                self._codes[kinds] = _jitted(self._function, nogil=True) if code is None else _loaded(code, arguments)
        return self._codes[kinds](*arguments)

    def _code(self, kinds: tuple[str, ...], arguments: tuple[Any, ...]) -> bytes | None:
        """The machine code: as it was kept, or made and kept where a folder can be written to; see _compiled."""
        if self._source is None:
            return _compiled(self._function, arguments)
        numbers = sorted((name, each) for name, each in self._function.__globals__.items() if type(each) is int)
        key = _environment() + self._source + repr((self._function.__name__, kinds, numbers)).encode()
        kept = Path(cache_from_source(self._function.__code__.co_filename))
        name = f"{kept.stem}.{self._function.__name__}-{hashlib.sha256(repr(kinds).encode()).hexdigest()[:8]}.o"
        cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
        folders = [kept.parent, *([cache / "whence"] if cache.is_absolute() else [])]  # without a home it is not
        for folder in folders:
            with suppress(OSError):
                digest, code = _split((folder / name).read_bytes())
                if digest == hashlib.sha256(key + code).digest():
                    return code
        if (made := _compiled(self._function, arguments)) is None:
            return None
        for folder in folders:
            with suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                with whole_file(folder / name) as file:
                    file.write(hashlib.sha256(key + made).digest() + made)
                break
        return made


def _source(function: Callable[..., int]) -> bytes | None:
    """The text of its module and of this one, which says how it is called; None where there is none to read."""
    try:
        return b"".join(Path(each).read_bytes() for each in (function.__code__.co_filename, __file__))
    except OSError:
        return None


def _split(kept: bytes) -> tuple[bytes, bytes]:
    size = hashlib.sha256().digest_size
    return kept[:size], kept[size:]


def _flat(arguments: tuple[Any, ...]) -> Iterator[tuple[Any, str]]:
    """The arguments as numba's functions are handed them, each with its type in LLVM: of an array no owner, its size,
    where it begins, its shape and strides."""
    for each in arguments:
        if isinstance(each, tuple):
            yield from _flat(each)
        elif isinstance(each, np.ndarray):
            yield from ((None, _ADDRESS), (None, _ADDRESS), (each.size, _INTEGER), (each.itemsize, _INTEGER))
            yield each.__array_interface__["data"][0], _ADDRESS
            yield from ((size, _INTEGER) for size in (*each.shape, *each.strides))
        else:
            yield each, _INTEGER


def _kinds(arguments: tuple[Any, ...]) -> Iterator[str]:
    """What the machine code depends on."""
    for each in arguments:
        if isinstance(each, tuple):
            yield from _kinds(each)
        elif isinstance(each, np.ndarray):
            if not each.flags.c_contiguous:
                raise ValueError("what is compiled takes arrays that are C-contiguous")
            yield f"{each.dtype.str}{each.ndim}"
        else:
            yield _INTEGER


def _environment() -> bytes:
    """What else it depends on."""
    import llvmlite
    import llvmlite.binding as llvm

    cpu = (llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return repr((version("numba"), llvmlite.__version__, *cpu)).encode()


def _jitted(function: Callable[..., int], **options: Any) -> Any:
    """A function and those of its module that it calls, which numba compiles when it is called."""
    import numba

    njit: Any = numba.njit  # its types know no option that begins with _

    def jit(each: FunctionType) -> Any:
        return njit(FunctionType(each.__code__, names, each.__name__), error_model="numpy", **options)

    names = dict(function.__globals__)
    for name, each in function.__globals__.items():
        if isinstance(each, FunctionType) and each.__module__ == function.__module__:
            names[name] = jit(each)
    return jit(cast(FunctionType, function))


def _compiled(function: Callable[..., int], arguments: tuple[Any, ...]) -> bytes | None:
    """The machine code of a function, made for such arguments. None where it needs anything else, or is called
    otherwise than is known here, as may be with another version of numba: then numba itself has to call it."""
    import llvmlite.binding as llvm
    import numba

    entry, typeof = _jitted(function, _nrt=False), cast(Any, numba.typeof)  # without its runtime: no new arrays
    types = tuple(map(typeof, arguments))
    entry.compile(types)
    module = llvm.parse_assembly(entry.inspect_llvm(types))
    called = module.get_function(entry.overloads[types].fndesc.llvm_func_name)
    called.name = _NAME
    for each in (*module.functions, *module.global_variables):
        if not each.is_declaration and each.name != _NAME:
            each.linkage = "internal"  # so that what nothing calls falls away, such as what would raise
    machine = _machine()
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    needed = [each.name for each in (*module.functions, *module.global_variables) if each.is_declaration]
    taken = [str(each.type) for each in module.get_function(_NAME).arguments]
    if not all(name.startswith("llvm.") for name in needed) or taken != _known(arguments):
        return None
    return machine.emit_object(module)  # type: ignore[no-any-return]


def _known(arguments: tuple[Any, ...]) -> list[str]:
    """The types that code for such arguments takes: where its result goes, where the problem does, and them."""
    return [_ADDRESS, _ADDRESS, *(kind for _, kind in _flat(arguments))]


def _loaded(code: bytes, arguments: tuple[Any, ...]) -> Callable[..., int]:
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    types = [c_void_p if kind == _ADDRESS else c_int64 for kind in _known(arguments)]
    function = CFUNCTYPE(c_int32, *types)(engine.get_function_address(_NAME))

    def call(*arguments: Any) -> int:
        given, problem = c_int64(), c_void_p()
        if function(byref(given), byref(problem), *(value for value, _ in _flat(arguments))):
            raise RuntimeError("what is compiled may raise nothing")
        return given.value

    call.engine = engine  # type: ignore[attr-defined]  # it holds the code
    return call


def _machine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True)
