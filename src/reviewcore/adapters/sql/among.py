"""The condition that a column holds one of several values, as one parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class among(ColumnElement[bool]):  # noqa: N801 - reads as SQL's own operators do.
    """Whether a text column holds one of several values, passed as one parameter.

    SQLAlchemy's own `in_` writes a placeholder for each value and so a statement for each number
    of values, which is compiled, and prepared, again and again.
    """

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: BindParameter[Any] = bindparam(name)

    def get_children(self, **_: Any) -> Sequence[ColumnElement[Any]]:
        """Let visitors see the column's table."""
        return (self.column, self.values)


@compiles(among, "postgresql")
def _any_of(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    return f"{column} = ANY ({compiler.process(element.values, **options)}::text[])"


@compiles(among, "sqlite")
def _in_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.values, **options)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - no value is in it
