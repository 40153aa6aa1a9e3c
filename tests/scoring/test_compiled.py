"""Functions as machine code: kept for the next process, which loads them without numba, and made again where what was
kept does not fit."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from whence.scoring.compiled import Compiled

SOURCE = """
from whence.scoring.compiled import Compiled

def _half(number):
    return number // {by}

@Compiled
def halves(numbers, out):
    for i in range(len(numbers)):
        out[i] = _half(numbers[i])
    return len(numbers)
"""


def _halves(folder: Path, by: int = 2) -> Compiled:
    path = folder / f"loops_{by}.py"
    path.write_text(SOURCE.format(by=by))
    return _loops(path)


def _loops(path: Path) -> Compiled:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Compiled = module.halves
    return found


def _run(function: Compiled, numbers: Any) -> list[int]:
    out = np.empty_like(numbers)
    assert function(numbers, out) == len(numbers)
    return out.tolist()  # type: ignore[no-any-return]


def test_it_gives_what_python_gives_for_each_type_that_it_is_called_with(tmp_path: Path) -> None:
    halves = _halves(tmp_path)
    for type in (np.int64, np.int32):
        assert _run(halves, np.array([7, -7, 0], type)) == [3, -4, 0]
    assert len(list(tmp_path.glob("__pycache__/loops_2.*halves*.o"))) == 2


def test_another_process_needs_no_numba() -> None:
    line = (
        "import sys; from tests.scoring.test_kernel import CARD, EVENTS; "
        "from whence.scoring.kernel import awards_of, score_all; "
        "score_all(CARD, awards_of(CARD, EVENTS)[1]); print('numba' in sys.modules)"
    )
    for _ in range(2):
        said = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, cwd=_root())
    assert said.stdout == "False\n"


def _root() -> Path:
    return Path(__file__).parents[2]


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"0" * 5000])
def test_what_was_kept_and_is_damaged_is_made_again(tmp_path: Path, content: bytes) -> None:
    _run(_halves(tmp_path), np.array([8]))
    (kept,) = tmp_path.glob("__pycache__/*.o")
    whole = kept.read_bytes()
    kept.write_bytes(content)
    assert _run(_halves(tmp_path), np.array([8])) == [4]
    assert len(kept.read_bytes()) == len(whole)


def test_a_change_of_the_source_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "loops_2.py"
    assert _run(_halves(tmp_path), np.array([12])) == [6]
    text = path.read_text().replace("// 2", "// 3")
    (tmp_path / "loops_3.py").write_text(text)
    for kept in tmp_path.glob("__pycache__/loops_2.*.o"):
        kept.rename(str(kept).replace("loops_2", "loops_3"))
    assert _run(_halves(tmp_path, by=3), np.array([12])) == [4]


def test_where_no_folder_can_be_written_it_is_made_for_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "__pycache__").write_text("no folder")
    (tmp_path / "whence").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _run(_halves(tmp_path), np.array([9])) == [4]
    (tmp_path / "whence").unlink()
    assert _run(_halves(tmp_path), np.array([9])) == [4]
    assert list(tmp_path.glob("whence/*.o"))


def test_code_is_kept_under_the_source_that_was_imported(tmp_path: Path) -> None:
    halves = _halves(tmp_path)
    path = tmp_path / "loops_2.py"
    text = path.read_text().replace("// 2", "// 3 // 1")  # of another length: bytecode is known by second and length
    path.write_text(text)  # an upgrade beside a process that runs
    assert _run(halves, np.array([12])) == [6]
    assert _run(_loops(path), np.array([12])) == [4]


def test_a_number_that_the_loops_name_is_part_of_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "loops.py"
    path.write_text("from numbers_of_it import BY\n" + SOURCE.replace("{by}", "BY"))
    for by, expected in ((2, 6), (3, 4)):
        numbers = ModuleType("numbers_of_it")
        numbers.BY = by  # type: ignore[attr-defined]
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "numbers_of_it", numbers)
            assert _run(_loops(path), np.array([12])) == [expected]


def test_a_module_whose_source_is_not_there_is_compiled_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "loops.py"
    names = {"__name__": "loops"}
    exec(compile(SOURCE.format(by=2), path, "exec"), names)  # as from a zip file
    assert _run(names["halves"], np.array([9])) == [4]  # type: ignore[arg-type]


def test_without_a_home_the_code_is_kept_beside_the_bytecode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as it is where nobody knows the user
    assert _run(_halves(tmp_path), np.array([9])) == [4]
    assert list(tmp_path.glob("__pycache__/*.o"))


def test_an_array_with_gaps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="C-contiguous"):
        _halves(tmp_path)(np.arange(6)[::2], np.zeros(3, np.int64))


def test_where_numba_calls_otherwise_than_is_known_it_calls_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whence.scoring.compiled._known", lambda arguments: ["i8*"])
    assert _run(_halves(tmp_path), np.array([9, 4])) == [4, 2]
    assert not list(tmp_path.glob("__pycache__/*.o"))
