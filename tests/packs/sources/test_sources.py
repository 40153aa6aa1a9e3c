"""What a line of a source comes to, by which rule; and what is wrong in whence.toml or in a line is named."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import configured
from tests.packs.sources.stripe import HEAD, STRIPE, csv, stripe
from whence.cli import run
from whence.config import Config
from whence.errors import InvalidConfig
from whence.pack import load
from whence.packs.balances.entries import balances
from whence.packs.posting.files import post_file
from whence.packs.sources.source import PostingSource
from whence.stores.memory import MemoryStore


def test_a_fee_on_top_of_a_dispute_is_taken_too(data_folder: Path) -> None:
    path = data_folder / "stripe_samples/djstripe_fixtures.jsonl"
    found = [json.loads(line)["object"] for line in path.read_text("utf-8").splitlines()]
    own = [each for each in found if each.get("object") == "balance_transaction"]
    assert [each["net"] for each in own] == [1912, -2500]
    text = STRIPE.replace(
        "[pack.ledger.source.stripe]", '[pack.ledger.source.stripe]\nformat = "jsonl"\ntime_format = "unix"'
    )
    text = text.replace('group = "payout_id"\n', "")
    db = whence.Whence(MemoryStore(), configured(text))
    report = post_file(db, "stripe", io.BytesIO("\n".join(json.dumps(each) for each in own).encode()))
    assert report.posted == 2, report.refused
    sums = balances(db.history())
    assert sums["assets:stripe", "USD"] == 1912 - 2500
    assert (sums["expenses:fees", "USD"], sums["income:disputes", "USD"]) == (88 + 1500, 1000)


@pytest.mark.parametrize("account", ["assets:stripe", "assets:{acc}"])
def test_the_account_of_a_stated_balance_is_a_text_with_columns_or_without(account: str) -> None:
    db = stripe(
        ('"refunds"', '"source"'),
        ('id = "id"\n', f'id = "id"\nreported = {{ account = "{account}", balance = "b" }}\n'),
    )
    lines = b"id,created,type,amount,fee,net,currency,source,payout_id,description,acc,b\n"
    lines += b"t1,2026-01-11T10:00:00Z,charge,3000,117,2883,eur,ch_7,po_1,x,stripe,2883\n"
    assert post_file(db, "stripe", io.BytesIO(lines)).posted == 1
    assert [(row.account, row.ties) for row in db.table("ledger.ties", account="assets")] == [("assets:stripe", True)]


def test_lines_without_an_id_are_posted_as_often_as_they_stand_there() -> None:
    db = stripe(('id = "id"\n', ""), ('reference = "source"\n', ""), ('charge = "source"\ncharged = "amount"\n', ""))
    line = "x,2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_1,,,"
    assert post_file(db, "stripe", csv(line, line)).posted == 2
    assert post_file(db, "stripe", csv(line, line, line)).posted == 1


def test_a_source_made_once_posts_a_file_without_ids_once() -> None:
    db = stripe(('id = "id"\n', ""))
    source = PostingSource("stripe", db.config.table_of_pack("ledger", "source", "stripe"))
    line = "x,2026-01-05T00:00:00Z,payout,-500,0,-500,eur,po_1,,,"
    assert [post_file(db, source, csv(line, line)).posted for _ in range(2)] == [2, 0]


def test_an_amount_too_large_to_be_kept_is_refused_by_its_line_and_the_rest_is_posted() -> None:
    most = 2**53 - 1
    report = post_file(
        stripe(),
        "stripe",
        csv(
            f"t1,2026-01-05T00:00:00Z,charge,{most},0,{most},eur,ch_1,,,",
            f"t2,2026-01-05T00:00:00Z,charge,{most + 1},0,{most + 1},eur,ch_2,,,",
            "t3,2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_3,,,",
        ),
    )
    assert report.posted == 2
    assert [(line, "too large" in reason) for line, reason in report.refused] == [(3, True)]


def test_an_account_whose_name_lacks_a_part_is_not_opened() -> None:
    db = stripe(
        ('"assets:stripe" = "net", "expenses:fees" = "fee?"', '"assets:{source}" = "net", "expenses:fees" = "fee?"')
    )
    report = post_file(db, "stripe", csv("t1,2026-01-05T00:00:00Z,charge,1000,30,970,eur,,,,"))
    assert (report.posted, "is a path" in report.refused[0][1]) == (0, True)


def test_a_cell_that_cannot_be_a_name_refuses_its_line_alone() -> None:
    rows = [f"{id},2026-01-05T00:00:00Z,charge,1000,30,970,eur,{charge},,," for id, charge in NAMES]
    report = post_file(stripe(), "stripe", csv(*rows))
    assert (report.posted, [line for line, _ in report.refused]) == (1, [2, 3, 4, 5])


NAMES = [("x" * 300, "ch_1"), ("t2", "x" * 300), ("t3", "ch\x01"), ("t\x02", "ch_4"), ("t5", "ch_5")]


def test_what_is_wrong_in_the_configuration_is_named() -> None:
    for old, new, said in (
        ('unit = "minor"\n', "", "never guessed"),
        ('currency = "currency"\n', "", "currency of the amounts is stated"),
        ('name = "payout"', 'nam = "payout"', "Did you mean name"),
        ('{ assets = "asset"', '{ assets = "money"', "No such type of account"),
        (
            'accounts = { assets = "asset", expenses = "expense", income = "income" }',
            'accounts = "x"',
            "Write accounts",
        ),
        ('id = "id"\n', 'id = "id"\nreported = "x"\n', "Write reported"),
        ('id = "id"\n', 'id = "id"\nreported = { account = "assets:stripe" }\n', "Write reported"),
        ('id = "id"\n', 'id = "id"\nreported = { account = "a", balance = "b", of = "c" }\n', "Write reported"),
        ('id = "id"\n', "id = 5\n", 'Write "column"'),
        ('when = { type = "payout" }', 'when = "payout"', "Write when"),
        ('"assets:bank" = "-net" }', '"assets:bank" = 5 }', "Write post"),
    ):
        with pytest.raises(InvalidConfig, match=said):
            load("ledger").configured(configured(STRIPE.replace(old, new)).packs["ledger"])
    with pytest.raises(InvalidConfig, match="Did you mean source"):
        load("ledger").configured({"sources": {}})
    with pytest.raises(InvalidConfig, match="no such column"):
        post_file(stripe(), "stripe", io.BytesIO(b"id,created\n"))
    with pytest.raises(InvalidConfig, match="No such source"):
        post_file(whence.Whence(MemoryStore(), Config(Path())), "stripe", io.BytesIO(b""))


def test_all_columns_that_a_file_lacks_are_named_and_how_its_columns_stand_apart() -> None:
    with pytest.raises(InvalidConfig, match=r"Column: amount, created, currency, description, .*There are: id"):
        post_file(stripe(), "stripe", io.BytesIO(b"id\n"))
    with pytest.raises(InvalidConfig, match='one column with ; in it: add delimiter = ";"'):
        post_file(stripe(), "stripe", io.BytesIO(HEAD.replace(",", ";").encode()))


def test_a_column_that_stands_twice_in_the_header_is_refused() -> None:
    with pytest.raises(InvalidConfig, match=r"name comes twice .*Column: 'net'"):
        post_file(stripe(), "stripe", io.BytesIO(HEAD.replace("source", "net,source").encode()))


@pytest.mark.parametrize("key", ["charge", "charged"])
def test_a_rule_that_says_half_of_a_charge_is_refused(key: str) -> None:
    line = {"charge": 'charge = "refunds"\n', "charged": 'charge = "refunds"\ncharged = "amount"\n'}[key]
    left = {"charge": "", "charged": 'charge = "refunds"\n'}[key]
    with pytest.raises(InvalidConfig, match="said together"):
        post_file(stripe((line, left)), "stripe", io.BytesIO(HEAD.encode()))


def test_what_is_wrong_in_whence_toml_is_said_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text(f'store = "shop.db"\n{STRIPE.replace("charged", "chraged")}')
    with whence.open(create=True):
        pass
    (tmp_path / "report.csv").write_text(HEAD)
    assert run(["ledger", "post", "stripe", "report.csv"]) == 2
    assert "whence.toml, Table: [pack.ledger], Source: stripe.rule charge, Key: chraged" in capsys.readouterr().err
