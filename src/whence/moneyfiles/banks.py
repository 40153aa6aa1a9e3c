"""Bank statements in the formats of banks, as lines of cells: OFX through ofxtools, MT940 through mt-940, CAMT.053 as
XML.

What a library says is checked: a statement's opening balance and its entries come to its closing balance, or the whole
file is refused. mt-940 gives a reversed credit the wrong sign, so the sign is taken from the mark of the entry; what is
on PyPI for CAMT.053 works with floats, or counts the parts of a batch as the batch, so its entries are read here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from io import BytesIO
from itertools import accumulate, islice
from typing import Any
from xml.etree import ElementTree

from whence.errors import InvalidFile, MissingExtra
from whence.files.rows import Given, RawRow, Source

OWN = {"unit": "major", "currency": "currency", "amount": "amount", "time": "date", "text": "text"}
"""How such a file's cells are read, where whence.toml does not say it otherwise."""
OF_SIDE = {**OWN, "id": "id", "ids": "own", "category": "type", "balance": "balance?"}
OF_SOURCE = {**OWN, "reference": "id"}
"""A bank's references are not unique: what is posted is known by its whole line."""

SIGNS = {"C": 1, "RD": 1, "D": -1, "RC": -1}
"""The marks of MT940: a reversed debit adds, a reversed credit takes away."""

CELLS = ("id", "date", "amount", "currency", "text", "type")
"""What an entry says of itself; the balance after it, by adding, depends on what stands before it in the file."""

Cells = dict[str, str]


class BankFile:
    """A statement that is read as a whole: its lines, each an entry, and its digest. Raises InvalidFile for what cannot
    be read, or does not add up, and MissingExtra without the extra `bank` or `ofx`."""

    def __init__(self, format: str, given: Given) -> None:
        source = Source(given)
        try:
            self.name = source.name
            self._entries = list(FORMATS[format](source.content(), self.name))
            self.sha256 = source.digest
        finally:
            source.close()

    def __iter__(self) -> Iterator[RawRow]:
        for number, cells in enumerate(self._entries, 1):
            yield RawRow(number, "\0".join(cells[each] for each in CELLS), cells)


def _cells(
    *,
    id: str | None,
    date: object,
    amount: Decimal,
    currency: str,
    text: Iterable[str | None],
    type: str | None,
    balance: Decimal | None = None,
) -> Cells:
    said = " ".join(" ".join(each.split()) for each in text if each)
    found = {"id": id or "", "date": str(date), "amount": f"{amount:f}"}
    told = {"currency": currency, "text": said, "type": type or ""}
    return {**found, **told, "balance": "" if balance is None else f"{balance:f}"}


def _check_sum(
    name: str, statement: object, opening: Decimal | None, amounts: Iterable[Decimal], closing: Decimal | None
) -> None:
    """Raise InvalidFile unless the opening balance and all entries come to the closing balance, where both are said."""
    if opening is None or closing is None:
        return
    total = opening + sum(amounts, Decimal(0))
    if total != closing:
        facts = {"file": name, "statement": statement or "", "adds_up_to": f"{total:f}", "closing": f"{closing:f}"}
        raise InvalidFile("The statement does not add up", remedy="Get it again, whole; nothing is guessed.", **facts)


def _unreadable(name: str, what: str, problem: object) -> InvalidFile:
    remedy = "Is it the right file? Get it again from the bank."
    return InvalidFile(f"Not {what} that can be read", file=name, problem=problem, remedy=remedy)


def _missing(what: str, package: str, extra: str, problem: ImportError) -> MissingExtra:
    remedy = f'pip install "whence[{extra}]" (or: pip install {package}).'
    return MissingExtra(f"{what} needs {package}", package=problem.name, remedy=remedy)


# OFX.


def _ofx(content: bytes, name: str) -> Iterator[Cells]:
    try:
        from ofxtools.header import OFXHeaderError
        from ofxtools.Parser import OFXTree, ParseError
    except ImportError as problem:
        raise _missing("OFX", "ofxtools", "ofx", problem) from None
    tree = OFXTree()
    try:
        tree.parse(BytesIO(content))
        statements = tree.convert().statements
    except OFXHeaderError:
        raise _unreadable(name, "OFX", "its header is none of OFX") from None
    except (ParseError, ValueError, AttributeError, ElementTree.ParseError) as problem:
        raise _unreadable(name, "OFX", problem) from None
    for statement in statements:
        for each in statement.transactions:
            own = getattr(each, "currency", None)
            yield _cells(
                id=each.fitid,
                date=each.dtposted.isoformat(),
                amount=each.trnamt,
                currency=str(own.cursym if own else statement.curdef),
                text=(getattr(each, "name", None), getattr(each, "memo", None)),
                type=each.trntype.lower(),
            )


# MT940.


def _mt940(content: bytes, name: str) -> Iterator[Cells]:
    try:
        import mt940
    except ImportError as problem:
        raise _missing("MT940", "mt-940", "bank", problem) from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    parts = text.replace("\r\n", "\n").split(":20:")[1:]
    if not parts:
        raise _unreadable(name, "MT940", "no :20: in it")
    for part in parts:
        try:
            read = mt940.parse(f":20:{part}")
            balances = [_balance(read.data, key) for key in ("opening_balance", "closing_balance")]
            signed = [SIGNS[each.data["status"]] * abs(each.data["amount"].amount) for each in read.transactions]
        except (RuntimeError, ValueError, KeyError, AttributeError) as problem:
            raise _unreadable(name, "MT940", problem) from None
        if len(signed) != (count := part.count("\n:61:")):
            raise _unreadable(name, "MT940", f"{count} entries, {len(signed)} were understood")
        if None in balances:
            raise _unreadable(name, "MT940", "a statement without :60: or :62:")
        _check_sum(name, read.data.get("statement_number"), balances[0], signed, balances[1])
        after = islice(accumulate(signed, initial=balances[0]), 1, None)
        for data, amount, balance in zip((each.data for each in read.transactions), signed, after, strict=True):
            references = (data.get("customer_reference"), data.get("bank_reference"))
            yield _cells(
                id=next((each for each in references if each and each != "NONREF"), None),
                date=data.get("entry_date") or data["date"],
                amount=amount,
                currency=str(data["currency"]),
                text=(data.get("applicant_name"), data.get("purpose"), data.get("transaction_details")),
                type=data.get("id"),
                balance=balance,
            )


def _balance(data: Mapping[str, Any], key: str) -> Decimal | None:
    found = (data.get(f"{kind}_{key}") for kind in ("final", "intermediate"))
    return next((each.amount.amount for each in found if each is not None), None)


# CAMT.053.


def _camt053(content: bytes, name: str) -> Iterator[Cells]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _unreadable(name, "CAMT.053", "it declares entities, which no statement does")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as problem:
        raise _unreadable(name, "CAMT.053", problem) from None
    statements = root.findall("./{*}BkToCstmrStmt/{*}Stmt")
    if not statements:
        raise _unreadable(name, "CAMT.053", "no BkToCstmrStmt with a Stmt in it")
    for statement in statements:
        yield from _statement(statement, name)


def _statement(statement: Any, name: str) -> Iterator[Cells]:
    balances = {_said(each, "Tp/CdOrPrtry/Cd"): each for each in statement.findall("./{*}Bal")}
    opening, closing = (
        None if found is None else _money(found, name)[0]
        for found in (balances.get("OPBD", balances.get("PRCD")), balances.get("CLBD"))
    )
    amounts, after = list[Decimal](), opening
    for entry in statement.findall("./{*}Ntry"):
        if (_said(entry, "Sts/Cd") or _said(entry, "Sts") or "BOOK") != "BOOK":  # what is pending is in no balance
            continue
        amount, currency = _money(entry, name)
        amounts.append(amount)
        after = None if after is None else after + amount
        details = entry.findall("./{*}NtryDtls/{*}TxDtls")
        one = details[0] if len(details) == 1 else None  # of a batch nobody's own words are the batch's
        references = (_said(one, "Refs/EndToEndId"), _said(entry, "AcctSvcrRef"), _said(entry, "NtryRef"))
        texts = [] if one is None else [each.text for each in one.findall("./{*}RmtInf/{*}Ustrd")]
        yield _cells(
            id=next((each for each in references if each and each != "NOTPROVIDED"), None),
            date=_said(entry, "BookgDt/Dt") or (_said(entry, "BookgDt/DtTm") or "")[:10] or _said(entry, "ValDt/Dt"),
            amount=amount,
            currency=currency,
            text=[*texts, _said(entry, "AddtlNtryInf")],
            type=_said(entry, "BkTxCd/Domn/Fmly/Cd") or _said(entry, "BkTxCd/Prtry/Cd"),
            balance=after,
        )
    _check_sum(name, _said(statement, "Id"), opening, amounts, closing)


def _money(element: Any, name: str) -> tuple[Decimal, str]:
    """The amount of a balance or entry, negative for a debit."""
    stated, mark = element.find("./{*}Amt"), _said(element, "CdtDbtInd")
    try:
        amount = Decimal(stated.text)
    except (AttributeError, InvalidOperation, TypeError):
        raise _unreadable(name, "CAMT.053", "an entry or balance without an amount") from None
    if mark not in ("CRDT", "DBIT"):
        raise _unreadable(name, "CAMT.053", "an amount that is neither credit nor debit")
    return (amount if mark == "CRDT" else -amount), stated.get("Ccy", "")


def _said(element: Any, path: str) -> str | None:
    """The text of what lies below an element; None where there is none."""
    path = "./" + "/".join(f"{{*}}{part}" for part in path.split("/"))
    return None if element is None else (element.findtext(path) or "").strip() or None


FORMATS = {"ofx": _ofx, "mt940": _mt940, "camt053": _camt053}
