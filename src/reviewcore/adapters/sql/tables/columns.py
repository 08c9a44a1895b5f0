"""Columns by what they mean, so that each meaning has one type on each database."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, MetaData, Text
from sqlalchemy.dialects.postgresql import TEXT, TIMESTAMP
from sqlalchemy.schema import ForeignKey
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# Compared byte by byte, so that databases sort ids as Python does, whatever their locale.
KEY: TypeEngine[str] = Text().with_variant(TEXT(collation="C"), "postgresql")

# SQLite has no type for times: fixed-width UTC text sorts as the times do and stays readable.
INSTANT = Text().with_variant(TIMESTAMP(timezone=True), "postgresql")


def key(name: str, *, nullable: bool = False) -> Column[str]:
    """Make a column of ids, codes or digests: what is looked up and sorted, never read."""
    return Column(name, KEY, nullable=nullable)


def primary(name: str) -> Column[str]:
    """Make a column of the primary key."""
    return Column(name, KEY, primary_key=True)


def reference(name: str, target: str, *, nullable: bool = False) -> Column[str]:
    """Make a column that names a row of *target*, written ``table.column``."""
    return Column(name, KEY, ForeignKey(target), nullable=nullable)


def text(name: str, *, nullable: bool = False) -> Column[str]:
    """Make a column of what people wrote."""
    return Column(name, Text(), nullable=nullable)


def word(
    name: str, words: type[StrEnum], *, nullable: bool = False, primary_key: bool = False
) -> Column[str]:
    """Make a column that holds one of *words*."""
    known = ", ".join(f"'{value}'" for value in words)
    check = CheckConstraint(f"{name} IN ({known})", name=name)
    return Column(name, KEY, check, nullable=nullable, primary_key=primary_key)


def count(name: str, *, nullable: bool = False) -> Column[int]:
    """Make a column of a number that is never negative."""
    return Column(name, Integer(), CheckConstraint(f"{name} >= 0", name=name), nullable=nullable)


def score(name: str) -> Column[int]:
    """Make a column of a mark from 1 to 5, or none."""
    return Column(name, Integer(), CheckConstraint(f"{name} BETWEEN 1 AND 5", name=name))


def money(name: str, *, nullable: bool = False) -> Column[int]:
    """Make a column of cents, never negative."""
    check = CheckConstraint(f"{name} >= 0", name=name)
    return Column(name, BigInteger(), check, nullable=nullable)


def balance(name: str) -> Column[int]:
    """Make a column of cents that may be negative."""
    return Column(name, BigInteger(), nullable=False)


def yes(name: str, *, nullable: bool = False) -> Column[bool]:
    """Make a column of yes or no."""
    return Column(name, Boolean(), nullable=nullable)


def instant(name: str, *, nullable: bool = True) -> Column[str]:
    """Make a column of a time in UTC."""
    return Column(name, INSTANT, nullable=nullable)
