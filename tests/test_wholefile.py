"""A file is whole or not there, also where several write it; and so is a folder."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from whence.wholefile import whole_file, whole_folder


def test_it_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(b"before")
    with whole_file(path) as out:
        out.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert [*tmp_path.iterdir()] == [path]


def test_where_something_fails_nothing_is_left_of_it(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError), whole_file(path) as out:
        out.write(b"half" * (1 // 0))
    assert path.read_bytes() == b"before"
    assert [*tmp_path.iterdir()] == [path]


def test_a_folder_and_a_folder_that_is_not_there_are_no_place_for_it(tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "x", tmp_path, Path(".")):
        with pytest.raises(OSError), whole_file(path) as out:  # noqa: PT011 - which of them depends on the system
            out.write(b"x")
    assert [*tmp_path.iterdir()] == []


def test_of_two_who_write_it_at_once_each_writes_all_of_it(tmp_path: Path) -> None:
    path, both, done = tmp_path / "result.json", threading.Barrier(2), []

    def write(content: bytes) -> None:
        with whole_file(path) as out:
            both.wait()
            out.write(content[:3])
            both.wait()
            out.write(content[3:])
        done.append(content)

    threads = [threading.Thread(target=write, args=(content,)) for content in (b"aaaaaa", b"bbbbbb")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [b"aaaaaa", b"bbbbbb"]
    assert path.read_bytes() in done
    assert [*tmp_path.iterdir()] == [path]


def test_a_folder_takes_the_place_of_the_one_before_with_its_own_files_alone(tmp_path: Path) -> None:
    place = tmp_path / "below" / "evidence"
    whole_folder(place, {"a": b"1", "b": b"2"})
    (place.parent / ".part.evidence").mkdir()  # by a run that was killed
    (place.parent / ".part.evidence" / "half").write_bytes(b"x")
    whole_folder(place, {"a": b"3"})
    assert {each.name: each.read_bytes() for each in place.iterdir()} == {"a": b"3"}
    assert [*place.parent.iterdir()] == [place]


def test_where_a_folder_cannot_be_written_the_one_before_stays(tmp_path: Path) -> None:
    place = tmp_path / "evidence"
    whole_folder(place, {"a": b"1"})
    with pytest.raises(OSError):  # noqa: PT011 - which of them depends on the system
        whole_folder(place, {"a": b"2", "none/b": b"3"})
    assert {each.name: each.read_bytes() for each in place.iterdir()} == {"a": b"1"}
