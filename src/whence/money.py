"""Amounts of money as whole numbers of a currency's smallest unit, and how they are written. There is no float.

How many digits a currency has behind the point is ISO 4217's; how a file writes an amount is its `Notation`, which is
stated and never guessed. What an amount is for is left to the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import msgspec

from whence.errors import InexactAmount, InvalidConfig, InvalidInput

_TWO_DIGITS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS
INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO_DIGITS.split(), 2),
    **dict.fromkeys(_NO_DIGITS.split(), 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
"""The digits behind the point of each currency of ISO 4217 (list one, of 2026)."""

GROUP = 3
"""So many digits are a group of thousands, or a fraction: 1.500 is refused where both would make sense."""

_MONEY = re.compile(r"(?P<before>[A-Za-z]{3})?\s*(?P<number>[-+]?\d[\d.]*)\s*(?P<behind>[A-Za-z]{3})?", re.ASCII)


class Money(msgspec.Struct, frozen=True):
    """So many of the smallest unit of a currency: 1250 of EUR are 12.50."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{amount_text(self.minor, self.currency)} {self.currency}"


class Notation(msgspec.Struct, frozen=True):
    """How amounts are written in a source: in `major` units (12.50) or in `minor` ones (1250), with which decimal sign,
    which sign between thousands, whether parentheses mean minus, and which symbol stands beside it."""

    unit: str
    decimal: str = "."
    thousands: str = ""
    parentheses: bool = False
    symbol: str = ""

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Notation:
        """The notation that a table of whence.toml says. Raises InvalidConfig where it does not name the unit."""
        unit = table.get("unit")
        if unit not in ("major", "minor"):
            remedy = 'Write unit = "major" where 12.50 is written, unit = "minor" where that is 1250.'
            raise InvalidConfig("The unit of the amounts is stated, never guessed", unit=repr(unit), remedy=remedy)
        decimal, thousands = str(table.get("decimal", ".")), str(table.get("thousands", ""))
        if decimal not in (".", ",") or thousands == decimal or len(thousands) > 1:
            remedy = 'Write decimal = "." or ",", and thousands = "," or "." or "\'" or " ", or leave it out.'
            raise InvalidConfig("No such way to write numbers", decimal=decimal, thousands=thousands, remedy=remedy)
        return cls(unit, decimal, thousands, bool(table.get("parentheses", False)), str(table.get("symbol", "")))

    def minor(self, text: str, currency: str) -> int:
        """The amount that a text writes. Raises InvalidInput naming what is wrong with it, and InexactAmount for what
        would have to be rounded."""
        digits = exponent(currency)
        sign, number = self._bare(text)
        whole, point, fraction = number.partition(self.decimal if self.unit == "major" else "\0")
        if self.thousands and self.thousands in whole:
            first, *groups = whole.split(self.thousands)
            if not 1 <= len(first) <= GROUP or any(len(group) != GROUP for group in groups):
                raise _fault("The thousands are not grouped in threes", text, self._remedy())
            whole = "".join([first, *groups])
        if not (whole + fraction).isascii() or not whole.isdigit() or bool(point) != fraction.isdigit():
            raise _fault("Not an amount as this source writes them", text, self._remedy())
        if self.unit == "minor":
            return sign * int(whole)
        more = fraction[digits:]
        if more.strip("0"):
            remedy = f"{currency} has {digits} digits behind the point. Ask the source; nothing is rounded here."
            raise InexactAmount(amount=repr(text), remedy=remedy)
        if len(fraction) == GROUP and digits < GROUP and not self.thousands:
            remedy = 'Say thousands = "." and decimal = "," for 1.500,00, or have the source write two digits.'
            raise _fault("Three digits may be a fraction or thousands", text, remedy)
        return sign * int(whole + fraction[:digits].ljust(digits, "0"))

    def _bare(self, text: str) -> tuple[int, str]:
        """The sign, and the digits with their points."""
        number = text.strip()
        if self.parentheses and number.startswith("(") and number.endswith(")"):
            sign, number = -1, number[1:-1].strip()
        else:
            sign = 1
        if self.symbol:
            number = number.replace(self.symbol, "", 1).strip()
        if number[:1] in "+-" and number:
            sign, number = -sign if number[0] == "-" else sign, number[1:].strip()
        return sign, number

    def _remedy(self) -> str:
        if self.unit == "minor":
            return 'The source is said to have whole numbers of the smallest unit; else say unit = "major".'
        apart = f", and {self.thousands!r} to stand between thousands" if self.thousands else ""
        return f"Its decimal sign is said to be {self.decimal!r}{apart}; say decimal, thousands, symbol or parentheses."


MAJOR = Notation("major")


def exponent(currency: str) -> int:
    """How many digits a currency has behind the point. Raises InvalidInput for none of ISO 4217."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        near = get_close_matches(currency.upper(), EXPONENTS, 3, 0.5)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Write its code of ISO 4217, such as EUR."
        raise InvalidInput("No such currency", currency=repr(currency), remedy=remedy) from None


def money(said: str | Money) -> Money:
    """The money that a text names in major units: `12.50 EUR`. Raises InvalidInput."""
    if isinstance(said, Money) and type(said.minor) is int:
        exponent(said.currency)
        return said
    if not isinstance(said, str):
        remedy = 'Write "12.50 EUR", or Money(1250, "EUR"): no float is exact.'
        raise InvalidInput("Not an amount of money", given=repr(said), remedy=remedy)
    found = _MONEY.fullmatch(said.strip())
    code = found and (found["before"] or found["behind"])
    if not found or not code or (found["before"] and found["behind"]):
        raise InvalidInput("Not an amount of money", given=repr(said), remedy='Write "12.50 EUR".')
    currency = code.upper()
    return Money(MAJOR.minor(found["number"], currency), currency)


def decimal_of(minor: int, currency: str) -> Decimal:
    """The amount in major units, exactly, with all digits that the currency has."""
    return Decimal(minor).scaleb(-exponent(currency))


def amount_text(minor: int, currency: str) -> str:
    """`1,234.50`: the amount in major units, for the eye."""
    return f"{decimal_of(minor, currency):,}"


def is_money(amount: Decimal) -> bool:
    """Whether a number of major units can be added up exactly: no NaN, nothing infinite, and not a power of ten that is
    a mistake."""
    return amount.is_finite() and -12 <= amount.adjusted() <= 15


def _fault(fact: str, text: str, remedy: str) -> InvalidInput:
    return InvalidInput(fact, amount=repr(text), remedy=remedy)
