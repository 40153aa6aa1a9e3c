"""Statements in the formats of banks: amounts are exact, signs right, and one that does not add up is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import tomllib
from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import configured, opened
from whence.errors import InvalidFile, MissingExtra
from whence.matching.sides import Side
from whence.moneyfiles.sides import SideReader
from whence.packs.posting.files import post_file
from whence.packs.reconciliation.reconciliation import reconcile
from whence.stores.memory import MemoryStore

pytest.importorskip("mt940", reason="the extra bank is not installed")
pytest.importorskip("ofxtools", reason="the extra ofx is not installed")

OFX = b"""OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260131120000[-5:EST]<LANGUAGE>ENG</SONRS>
</SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>121000248<ACCTID>12345<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260101<DTEND>20260131
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260105120000[-5:EST]<TRNAMT>1000.10<FITID>F1<NAME>STRIPE<MEMO>po_1</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260110<TRNAMT>-250,05<FITID>F2<NAME>RENT</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>750.05<DTASOF>20260131</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
MT940 = b""":20:STARTUMS
:25:10020030/1234567
:28C:00001/001
:60F:C260101EUR1000,00
:61:2601050105C500,25NTRFREF-1//BANK1
:86:166?00SEPA?20po_1?32STRIPE
:61:2601060106D100,NMSCNONREF
:86:MIETE
:61:2601070107RC10,00NTRFREF-3
:86:zurueck
:61:2601080108RD2,50NTRFREF-4
:86:zurueck
:62F:C260131EUR1392,75
-
"""
CAMT = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt>
<Id>S-1</Id>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">90071992547409.93</Amt>
<CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="EUR">90071992547809.93</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-01-05</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>po_1</EndToEndId></Refs>
<RmtInf><Ustrd>STRIPE</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">300.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><DtTm>2026-01-06T09:00:00</DtTm></BookgDt>
<AcctSvcrRef>B-7</AcctSvcrRef><NtryDtls><TxDtls><Amt Ccy="EUR">100.00</Amt></TxDtls><TxDtls/></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BookgDt><Dt>2026-01-07</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""


def read(format: str, content: bytes) -> Side:
    return SideReader(format, {"format": format}, UTC).read(io.BytesIO(content))


def test_ofx_is_read_to_the_cent_with_its_zones() -> None:
    items = read("ofx", OFX).items
    assert [(each.amount_minor, each.currency, each.id, each.text) for each in items] == [
        (100010, "USD", "F1", "STRIPE po_1"),
        (-25005, "USD", "F2", "RENT"),
    ]
    assert items[0].day.isoformat() == "2026-01-05"


@pytest.mark.parametrize(("format", "module", "extra"), [("ofx", "ofxtools.Parser", "ofx"), ("mt940", "mt940", "bank")])
def test_without_its_library_a_format_names_the_extra_that_has_it(
    format: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=rf"whence\[{extra}\]"):
        SideReader("bank", {"format": format}, UTC).read(io.BytesIO(OFX if format == "ofx" else MT940))


def test_a_library_under_the_gpl_comes_with_no_extra_but_its_own() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    wanted = {"": project["dependencies"], **project["optional-dependencies"]}
    assert [extra for extra, packages in wanted.items() if any("ofxtools" in each for each in packages)] == ["ofx"]


def test_mt940_has_the_sign_of_its_marks_and_adds_up() -> None:
    items = read("mt940", MT940).items
    assert [each.amount_minor for each in items] == [50025, -10000, -1000, 250]
    assert [each.id for each in items] == ["REF-1", "", "REF-3", "REF-4"]
    with pytest.raises(InvalidFile, match="does not add up"):
        read("mt940", MT940.replace(b"C500,25", b"C500,26"))
    with pytest.raises(InvalidFile, match="MT940"):
        read("mt940", b"no statement")


def test_what_has_no_header_of_ofx_is_named_as_another_file() -> None:
    with pytest.raises(InvalidFile, match=r"Not OFX that can be read .*Is it the right file"):
        read("ofx", MT940)


def test_a_statement_brings_the_balance_that_it_begins_with(tmp_path: Path) -> None:
    assert [each.balance_minor for each in read("mt940", MT940).items] == [150025, 140025, 139025, 139275]
    assert read("mt940", MT940).opening == {"EUR": 100000}
    later = (
        b":20:S2\n:25:1/2\n:28C:00002/001\n:60F:C260201EUR1392,75\n:61:2602010201C1,00NTRFREF-5\n:86:x\n"
        b":61:2602020202C2,00NTRFREF-6\n:86:x\n:62F:C260228EUR1395,75\n-\n"
    )
    for both in (MT940 + later, later + MT940):
        side = read("mt940", both)
        assert (side.opening, side.items[-1].balance_minor) == ({"EUR": 100000}, 139575)
    assert read("camt053", CAMT).opening == {"EUR": -10000}
    (tmp_path / "january.sta").write_bytes(MT940)
    db = whence.Whence(MemoryStore(), configured('[pack.ledger.side.house]\nformat = "mt940"'))
    opened(db)
    rows = {row.line: row for row in reconcile(db, "assets:bank", f"house={tmp_path / 'january.sta'}").statement}
    assert [rows[line].there for line in ("opening", "closing")] == [Decimal("1000.00"), Decimal("1392.75")]
    assert rows["unexplained"].difference == Decimal("1000.00")


def test_camt053_is_read_by_entries_without_floats() -> None:
    items = read("camt053", CAMT).items
    assert [(each.amount_minor, each.id, each.text) for each in items] == [
        (9007199254780993, "po_1", "STRIPE"),
        (-30000, "B-7", ""),
    ]
    with pytest.raises(InvalidFile, match="does not add up"):
        read("camt053", CAMT.replace(b">300.00<", b">300.01<"))
    with pytest.raises(InvalidFile, match="declares entities"):
        read("camt053", CAMT.replace(b"<Document", b'<!DOCTYPE x [<!ENTITY a "b">]><Document'))
    with pytest.raises(InvalidFile, match="BkToCstmrStmt"):
        read("camt053", b"<Document/>")


def test_a_statement_may_be_compressed_and_one_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(OFX)
    side = read("ofx", packed)
    assert (len(side.items), side.sha256) == (2, hashlib.sha256(packed).hexdigest())
    with pytest.raises(InvalidFile, match="Get it again"):
        read("ofx", packed[:-30])
    (tmp_path / "march.ofx").write_bytes(OFX)
    with pytest.raises(InvalidFile, match="Did you mean"):
        SideReader("ofx", {"format": "ofx"}, UTC).read(tmp_path / "marhc.ofx")


def test_a_statement_is_posted_by_rules_and_reconciles(tmp_path: Path) -> None:
    file = tmp_path / "statement.sta"
    file.write_bytes(MT940)
    text = """
    [pack.ledger.side.house]
    format = "mt940"
    [pack.ledger.source.house]
    format = "mt940"
    [[pack.ledger.source.house.rule]]
    name = "any"
    post = { "assets:bank" = "amount", "income:sales" = "-amount" }
    """
    db = whence.Whence(MemoryStore(), configured(text))
    opened(db)
    assert post_file(db, "house", file).posted == 4
    made = reconcile(db, "assets:bank", f"house={file}")
    assert (made.compared.differences, made.compared.matched["days"]) == ([], 4)
