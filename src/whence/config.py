"""The nearest `whence.toml`, upwards from a folder: which store, which time zone, which mappings, models and
scorecards. What these mean is left to mapping, rules and scoring.

    store = "leads.db"
    zone = "Europe/Berlin"
    settings = ["PromptChanged"]    # event types, or tags, that change how things are decided

    [import.crm]                # a mapping, for `whence import leads.csv --mapping crm`
    [model.lead]                # rules for the entities lead:…, or python = "module:Class"
    [scorecard.lead]            # a score of the entities lead:… as data
    [pack.tickets]              # a pack that is installed: its states are the models of its kinds
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from datetime import UTC, tzinfo
from difflib import get_close_matches
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import InvalidConfig, InvalidEvent, WhenceError, near
from whence.files.mapping import Mapping
from whence.grammar import normal_kind, normal_type, split_tag
from whence.model import Model
from whence.moments import zone_of
from whence.query import Query, QueryItem
from whence.rules import built_in, from_toml
from whence.tomlfile import read_toml

if TYPE_CHECKING:
    from whence.pack import Pack
    from whence.scoring.card import Scorecard
    from whence.scoring.lines import Where

FILE_NAME = "whence.toml"
STORE_VARIABLE = "WHENCE_STORE"
EXAMPLES = {"import": "crm", "pack": "leads"}
KEYS = ("store", "zone", "settings", "import", "model", "scorecard", "pack")


class Config(msgspec.Struct, frozen=True):
    """What a `whence.toml` says. Without a file, `folder` is the one looked from and everything has its default."""

    folder: Path
    path: Path | None = None
    store: str | None = None
    zone: tzinfo = UTC
    zone_is_said: bool = False
    settings: tuple[str, ...] = ()
    imports: dict[str, dict[str, Any]] = {}
    models: dict[str, dict[str, Any]] = {}
    scorecards: dict[str, dict[str, Any]] = {}
    packs: dict[str, dict[str, Any]] = {}

    @classmethod
    def nearest(cls, folder: str | os.PathLike[str] = ".") -> Config:
        """The nearest `whence.toml` in the folder or above it, or the defaults. Raises InvalidConfig."""
        start = Path(folder).absolute()
        for place in (start, *start.parents):
            if (path := place / FILE_NAME).is_file():
                return cls.load(path)
        return cls(start)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Config:
        """What the file says. Raises InvalidConfig naming the file, the key (or line) and the remedy."""
        path = Path(path)
        table = read_toml(path)
        _refuse_unknown(path, table, KEYS)
        folder = path.parent
        zone = _zone(path, table.get("zone", "UTC"))
        store = _text(path, "store", table.get("store"))
        imports, models = _tables(path, "import", table), _tables(path, "model", table)
        scorecards, packs = _tables(path, "scorecard", table), _tables(path, "pack", table)
        said = _settings(path, table)
        return cls(folder, path, store, zone, "zone" in table, said, imports, models, scorecards, packs)

    def store_url(self, given: str | None = None) -> str:
        """Where the store is: `given`, else WHENCE_STORE, else what the file names, relative to the file's folder.

        Raises InvalidConfig when nothing names one.
        """
        if url := given or os.environ.get(STORE_VARIABLE) or self.own_store:
            return url
        if self.path is not None:
            raise self.without_store(f"or use --store leads.db, or set {STORE_VARIABLE}")
        remedy = f"Use --store leads.db, set {STORE_VARIABLE}, or run whence init here."
        raise InvalidConfig("No store is named", file=f"no {FILE_NAME} here or above", remedy=remedy)

    def without_store(self, else_: str = "") -> InvalidConfig:
        """What to raise where the file should name a store: the line to add, or else."""
        remedy = 'Add store = "whence.db" to it' + (f", {else_}." if else_ else ".")
        return InvalidConfig("The configuration names no store", file=self.path, remedy=remedy)

    @property
    def own_store(self) -> str | None:
        """The store that the file itself names, a path relative to the file's folder made whole; None without one."""
        if self.store is None or self.store.startswith(":") or "://" in self.store:
            return self.store
        prefix = "sqlite:" if self.store.startswith("sqlite:") else ""
        return prefix + str(self.folder / Path(self.store.removeprefix(prefix)).expanduser())

    def in_zone(self, zone: tzinfo) -> Config:
        """The same configuration in another time zone."""
        return msgspec.structs.replace(self, zone=zone, zone_is_said=True)

    def settings_query(self) -> Query | None:
        """What selects the events that change how things are decided: those named here, and those that a pack which is
        in use has of that sort. None where there are none."""
        named = [*self.settings, *(each for name in self.packs for each in self.pack(name).settings)]
        items = [QueryItem(tags=(each,)) if ":" in each else QueryItem(types=(each,)) for each in named]
        return Query(tuple(items)) if items else None

    def mapping(self, name: str | None = None) -> Mapping:
        """The mapping [import.NAME], or the one in the file of that name; the only one there is when None. Times
        without a zone are read in the one that is said here, unless the mapping says another.

        Raises InvalidConfig naming the near matches.
        """
        zone = self.zone if self.zone_is_said else None
        if name is None:
            name = self._only_import()
        if name in self.imports:
            made: Mapping = self._named(
                f"import.{name}", lambda: Mapping.from_table(name, self.imports[name], zone=zone)
            )
            return made
        if name.endswith(".toml") or os.sep in name:
            return Mapping.load(name, zone=zone)
        raise _unknown("No such mapping", "mapping", name, self.imports, self.path, f"[import.{name}]")

    def model(self, kind: str, named: str | None = None) -> Model:
        """The model of a kind of entity: `named` (`module:Class` or `file.py:Class`), else what [model.KIND] says,
        else that of a pack under [pack.NAME], else the built-in one. Raises InvalidConfig and InvalidModel."""
        if named is not None:
            return load_model(named, Path.cwd())
        normal_kind(kind)
        table = self.models.get(kind)
        if table is None:
            return self._model_of_a_pack(kind) or built_in(kind)
        if "python" not in table:
            made: Model = self._named(f"model.{kind}", lambda: from_toml(kind, table))
            return made
        if len(table) > 1:
            rest = ", ".join(sorted(table.keys() - {"python"}))
            remedy = "A Python model stands alone: take the other keys out."
            raise InvalidConfig("Python and rules at once", file=self.path, key=f"model.{kind}.{rest}", remedy=remedy)
        return load_model(str(table["python"]), self.folder)

    def pack(self, name: str) -> Pack:
        """A pack that is installed, as [pack.NAME] says. Raises InvalidConfig."""
        from whence.pack import load  # here, since most have no pack

        made: Pack = self._named(f"pack.{name}", lambda: load(name).configured(self.packs.get(name, {})))
        return made

    def table_of_pack(self, pack: str, key: str, name: str) -> dict[str, Any]:
        """The table [pack.PACK.KEY.NAME]. Raises InvalidConfig."""
        self.pack(pack)  # so that what is wrong in whence.toml is said with its file
        tables: dict[str, dict[str, Any]] = self.packs.get(pack, {}).get(key, {})
        if name not in tables:
            remedy = f"There are: {', '.join(tables)}." if tables else f"Describe it under [pack.{pack}.{key}.{name}]."
            raise InvalidConfig(f"No such {key}", name=name, remedy=remedy)
        return tables[name]

    def _model_of_a_pack(self, kind: str) -> Model | None:
        found = (self.pack(name).model(kind) for name in self.packs)
        return next(filter(None, found), None)

    def pack_passed_over(self, kind: str) -> str | None:
        """The pack whose model of a kind [model.KIND] takes the place of; None where it takes none's, or where it says
        with `built_in = false` that it is to stand alone."""
        names = self.packs if self.models.get(kind, {"built_in": False}).get("built_in", True) else ()
        return next((name for name in names if self.pack(name).model(kind) is not None), None)

    def python_of(self, kind: str) -> str | None:
        """The Python model of a kind as the file names it; None for one without."""
        named = self.models.get(kind, {}).get("python")
        return None if named is None else str(named)

    def scorecard_of(self, kind: str) -> Scorecard:
        """The scorecard for a kind of entity: the one of its name, so that a candidate beside it changes nothing, else
        the only one. Raises InvalidConfig when there is none, or several of other names."""
        found = [name for name, table in self.scorecards.items() if table.get("kind", name) == kind]
        if kind in found or len(found) == 1:
            return self.scorecard(kind if kind in found else found[0])
        if found:
            remedy = f"Say which: {' or '.join(f'--card {name}' for name in found)}."
            raise InvalidConfig("Several scorecards are for this kind", kind=kind, file=self.path, remedy=remedy)
        remedy = f"Write one: [scorecard.{kind}], with a [[scorecard.{kind}.rule]] for what gives points."
        raise InvalidConfig("No scorecard is for this kind", kind=kind, file=self.path or FILE_NAME, remedy=remedy)

    def scorecard(self, name: str | None = None) -> Scorecard:
        """The scorecard [scorecard.NAME]; the only one there is when None. `cards.toml`, or `cards.toml:NAME`, is one
        of another file. Raises InvalidConfig naming the scorecard, the rule and the line, or the near matches."""
        from whence.scoring.card import Scorecard  # here, so that a command that scores nothing starts sooner

        if name is None:
            name = self._only_scorecard()
        if name not in self.scorecards:
            file, dot, one = name.partition(".toml")
            if dot and (not one or one.startswith(":")):
                return Config.load(file + dot).scorecard(one[1:] or None)
            raise _unknown("No such scorecard", "scorecard", name, self.scorecards, self.path, f"[scorecard.{name}]")
        try:
            return Scorecard.from_table(name, self.scorecards[name], self._line_of)
        except InvalidConfig as problem:
            facts = {"file": self.path, **problem.facts}
            raise InvalidConfig(problem.fact, remedy=problem.remedy, **facts) from None

    def problems(self) -> Iterable[str]:
        """A sentence for each mapping, model and scorecard that cannot be used."""
        for name in self.imports:
            yield from _problem(lambda name=name: self.mapping(name))
        for kind in self.models:
            yield from _problem(lambda kind=kind: self.model(kind))
        for name in self.scorecards:
            yield from _problem(lambda name=name: self.scorecard(name))
        for name in self.packs:
            yield from _problem(lambda name=name: self.pack(name))

    def _only_import(self) -> str:
        if len(self.imports) == 1:
            return next(iter(self.imports))
        choice = " or ".join(f"--mapping {name}" for name in self.imports)
        remedy = f"Say which: {choice}." if choice else "Describe the file under [import.NAME]; whence init shows how."
        fact = "Several mappings are there" if choice else "No mapping is there"
        raise InvalidConfig(fact, file=self.path or FILE_NAME, remedy=remedy)

    def _only_scorecard(self) -> str:
        if len(self.scorecards) == 1:
            return next(iter(self.scorecards))
        remedy = f"Say which: {' or '.join(self.scorecards)}." if self.scorecards else "Write [scorecard.lead]."
        fact = "Several scorecards are there" if self.scorecards else "No scorecard is there"
        raise InvalidConfig(fact, file=self.path or FILE_NAME, remedy=remedy)

    def _line_of(self, where: Where) -> int | None:
        """The line of the file that a value stands on; None when the file is not there any more."""
        from whence.scoring.lines import lines_of, nearest_line

        try:
            text = self.path.read_text("utf-8-sig") if self.path else ""
        except OSError:
            return None
        return nearest_line(lines_of(text), where)

    def _named(self, key: str, make: Any) -> Any:
        """What `make` gives; its InvalidConfig and InvalidModel name this file too."""
        try:
            return make()
        except WhenceError as problem:
            if isinstance(problem, ValueError) and "file" not in problem.facts:
                facts = {"file": self.path, "table": f"[{key}]", **problem.facts}
                raise type(problem)(problem.fact, remedy=problem.remedy, **facts) from problem
            raise


def load_model(named: str, folder: Path) -> Model:
    """The model that `module:Class` or `file.py:Class` names, looked for in the folder first. Raises InvalidConfig."""
    return Model.of(load_named(named, folder))


def load_named(named: str, folder: Path) -> Any:
    """What `module:name` or `file.py:name` names, looked for in the folder first. Raises InvalidConfig."""
    place, colon, attribute = named.rpartition(":")
    if not colon or not place or not attribute:
        raise InvalidConfig("Not the name of a model", model=repr(named), remedy="Write module:Class or file.py:Class.")
    module = _module(place, folder)
    if not hasattr(module, attribute):
        remedy = near(attribute, dir(module), 3, otherwise="Check the name.")
        raise InvalidConfig("There is nothing of this name in that module", module=place, name=attribute, remedy=remedy)
    return getattr(module, attribute)


def name_of(model: Model) -> str | None:
    """What `load_model` finds a model by, `/path/file.py:Class` or `module:Class`; None for one in a function."""
    made_of = model.made_of
    of = made_of[1] if isinstance(made_of, tuple) else made_of
    module = sys.modules.get(getattr(of, "__module__", None) or "")
    meant = [model, of] if isinstance(of, type) else [model]
    found = (name for name, value in vars(module).items() if any(value is each for each in meant)) if module else ()
    attribute, file = next(iter(found), None), getattr(module, "__file__", None)
    if module is None or attribute is None or (file is None and module.__name__ == "__main__"):
        return None
    place = module.__name__ if file is None or "." in module.__name__ else str(Path(file).absolute())
    return f"{place}:{attribute}"


def _module(place: str, folder: Path) -> ModuleType:
    try:
        if place.endswith(".py"):
            path = Path(place) if Path(place).is_absolute() else folder / place
            return _module_in(path)
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        return importlib.import_module(place)
    except (ImportError, FileNotFoundError) as problem:
        remedy = f"Modules are looked for in {folder} and where Python looks."
        raise InvalidConfig("The model cannot be imported", module=place, problem=problem, remedy=remedy) from problem
    except Exception as problem:  # whatever the code of a user's module raises
        facts = {"module": place, "problem": f"{type(problem).__name__}: {problem}", **_line_in(folder, problem)}
        raise InvalidConfig("The model's module fails", remedy="Mend it; python runs it alone.", **facts) from problem


def _line_in(folder: Path, problem: Exception) -> dict[str, Any]:
    """The last line of the folder's own files that a problem went through, as a fact; nothing when there is none."""
    frames = [frame for frame in extract_tb(problem.__traceback__) if frame.filename.startswith(str(folder))]
    return {"line": frames[-1].lineno} if frames else {}


def _module_in(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    known = sys.modules.setdefault(path.stem, module)  # msgspec looks a class's annotations up in its module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if known is module:
            del sys.modules[path.stem]
        raise
    return module


def _zone(path: Path, name: Any) -> tzinfo:
    try:
        return zone_of(_text(path, "zone", name) or "UTC")
    except InvalidConfig as problem:
        raise InvalidConfig(
            problem.fact, remedy=problem.remedy, **{"file": path, "key": "zone", **problem.facts}
        ) from None


def _text(path: Path, key: str, value: Any) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise InvalidConfig("Not text", file=path, key=key, value=repr(value), remedy=f'Write {key} = "…".')


def _settings(path: Path, table: dict[str, Any]) -> tuple[str, ...]:
    found = table.get("settings", [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        remedy = 'Write settings = ["PromptChanged", "setting:scoring"].'
        raise InvalidConfig("Not event types or tags", file=path, key="settings", value=repr(found), remedy=remedy)
    for each in found:
        try:
            split_tag(each) if ":" in each else normal_type(each)
        except InvalidEvent as problem:
            facts = {"file": path, "key": "settings", **problem.facts}
            raise InvalidConfig(problem.fact, remedy=problem.remedy, **facts) from None
    return tuple(found)


def _tables(path: Path, key: str, table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = table.get(key, {})
    example = f"[{key}.{EXAMPLES.get(key, 'lead')}]"
    if not isinstance(found, dict):
        raise InvalidConfig("Not a table", file=path, key=key, remedy=f"Write {example}.")
    for name, entry in found.items():
        if not isinstance(entry, dict):
            remedy = f"Write it under a name: {example}."
            raise InvalidConfig("A key outside a named table", file=path, key=f"{key}.{name}", remedy=remedy)
        if key == "model":
            normal_kind(name)
    return found


def _refuse_unknown(path: Path, table: Iterable[str], known: Iterable[str]) -> None:
    for key in table:
        if key not in known:
            raise InvalidConfig("No such key", file=path, key=key, remedy=near(key, known))


def _unknown(fact: str, what: str, name: str, known: Iterable[str], path: Path | None, example: str) -> InvalidConfig:
    like = get_close_matches(name, list(known), 3) or sorted(known)
    remedy = f"Did you mean {' or '.join(like)}?" if like else f"Write it in {FILE_NAME} as {example}."
    return InvalidConfig(fact, **{what: name, "file": path or f"no {FILE_NAME} here or above"}, remedy=remedy)


def _problem(make: Any) -> Iterable[str]:
    try:
        make()
    except WhenceError as problem:
        yield str(problem)
