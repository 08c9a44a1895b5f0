"""House rules that a type checker cannot see."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import attrs
import pytest

import reviewcore.domain
import reviewcore.usecases
from reviewcore.app import App
from reviewcore.bootstrap import in_memory
from reviewcore.domain import (
    disputes,
    flags,
    payments,
    payouts,
    refunds,
    reviews,
    support,
    tracks,
    uploads,
)
from reviewcore.domain.errors import ReviewcoreError
from reviewcore.domain.events import Event, event_kinds
from reviewcore.ports.store import Store, Transaction

SOURCE = Path(reviewcore.domain.__file__).parents[1]
REPOSITORY = SOURCE.parents[1]
USECASES_FOLDER = SOURCE / "usecases"
CORE = ("domain", "ports", "usecases")

# Names that hosts rely on: they may be joined by others and never vanish.
PROMISED = (
    "sign_up",
    "verify_email",
    "request_email_verification",
    "sign_in",
    "sign_in_with_account",
    "link_account",
    "sign_out",
    "sign_out_everywhere",
    "extend_session",
    "change_email",
    "request_password_reset",
    "reset_password",
    "open_artist_profile",
    "open_reviewer_profile",
    "answer_quiz",
    "finish_onboarding",
    "connect_payout_account",
    "open_payout_dashboard",
    "grant_tier",
    "start_upload",
    "accept_upload",
    "submit_track",
    "update_source",
    "cancel_track",
    "close_track",
    "grant_free_credit",
    "check_out",
    "open_checkout",
    "confirm_payment",
    "expire_checkout",
    "send_refund",
    "plan_assignment",
    "assign_reviewers",
    "expire_assignments",
    "record_heartbeat",
    "complete_review",
    "skip_review",
    "report_unplayable",
    "rate_review",
    "gem_review",
    "ungem_review",
    "flag_review",
    "uphold_flag",
    "dismiss_flag",
    "restrict_reviewer",
    "unrestrict_reviewer",
    "withdraw",
    "send_payout",
    "settle_payout",
    "resolve_payout",
    "receive_event",
    "handle_event",
    "reconcile",
    "explain_balance",
    "open_ticket",
    "reply_to_ticket",
    "set_ticket_status",
    "erase_user",
    "export_user",
    "capture_lead",
    "remind_lead",
    "get_feedback",
    "check_laws",
    "confirm_email_as_admin",
)

# What waits on the outside world, and on which part of the app.
DRIVEN = {
    "accept_upload": "recordings",
    "sign_up": "passwords",
    "sign_in": "passwords",
    "get_feedback": "passwords",
    "sign_in_with_account": "identities",
    "change_email": "passwords",
    "reset_password": "passwords",
    "connect_payout_account": "payouts",
    "open_payout_dashboard": "payouts",
    "open_checkout": "payments",
    "confirm_payment": "payments",
    "expire_checkout": "payments",
    "send_refund": "payments",
    "send_payout": "payouts",
    "deliver_event": "mail",
    "forget_uploads": "files",
    "handle_event": "processor",
    "reconcile": "processor",
}

# What the worker alone calls, so that hosts need no name for it.
INTERNAL = {"deliver_event", "forget_uploads", "wake_tracks"}

LINES_MAX = 40


def usecase_names() -> list[str]:
    return sorted(path.stem for path in USECASES_FOLDER.glob("[a-z]*.py"))


def module_of(name: str) -> ModuleType:
    return importlib.import_module(f"reviewcore.usecases.{name}")


def usecase_of(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(module_of(name), name)
    return found


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def core_files() -> list[Path]:
    return sorted(path for floor in CORE for path in (SOURCE / floor).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def told(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


# ── use cases ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", usecase_names())
def test_a_use_case_is_one_function_beside_its_command(name: str) -> None:
    module = module_of(name)
    written = [
        thing.__name__
        for thing in vars(module).values()
        if inspect.isfunction(thing)
        and thing.__module__ == module.__name__
        and not thing.__name__.startswith("_")
    ]

    # `view_of` is what check_laws reads; the market machine looks at the same.
    assert set(written) - {"view_of"} == {name}
    assert inspect.isclass(getattr(module, camel(name)))


@pytest.mark.parametrize("name", usecase_names())
def test_a_command_is_frozen_and_says_what_it_holds_by_name(name: str) -> None:
    command = getattr(module_of(name), camel(name))

    assert attrs.has(command)
    assert command.__setattr__ is not object.__setattr__
    assert all(field.kw_only for field in attrs.fields(command))
    assert command.__doc__
    assert usecase_of(name).__doc__


@pytest.mark.parametrize("name", usecase_names())
def test_a_use_case_holds_a_transaction_or_a_gateway_never_both(name: str) -> None:
    usecase = usecase_of(name)
    hints = get_type_hints(usecase)
    parameters = list(inspect.signature(usecase).parameters)

    assert parameters[-1] == "command"
    assert hints["command"] is getattr(module_of(name), camel(name))
    assert "return" in hints
    if name in DRIVEN:
        assert parameters == ["store", DRIVEN[name], "command"]
        assert hints["store"] is Store
    else:
        assert parameters == ["tx", "command"]
        assert hints["tx"] is Transaction


@pytest.mark.parametrize("gateway", sorted(set(DRIVEN.values())))
def test_a_gateway_is_a_part_of_the_app(gateway: str) -> None:
    app = in_memory()

    assert isinstance(app, App)
    assert getattr(app, gateway) is not None


@pytest.mark.parametrize("name", sorted(set(usecase_names()) - INTERNAL))
def test_a_use_case_is_offered_with_its_command(name: str) -> None:
    offered = reviewcore.usecases

    assert getattr(offered, name) is usecase_of(name)
    assert getattr(offered, camel(name)) is getattr(module_of(name), camel(name))
    assert {name, camel(name)} <= set(offered.__all__)


def test_what_is_offered_is_sorted_and_exists() -> None:
    offered = reviewcore.usecases

    assert all(hasattr(offered, name) for name in offered.__all__)
    assert len(offered.__all__) == len(set(offered.__all__))


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_use_case_exists(name: str) -> None:
    assert callable(getattr(reviewcore.usecases, name))
    assert inspect.isclass(getattr(reviewcore.usecases, camel(name)))


@pytest.mark.parametrize("name", usecase_names())
def test_a_use_case_is_short(name: str) -> None:
    for node in ast.walk(tree_of(USECASES_FOLDER / f"{name}.py")):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert lines <= LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("name", usecase_names())
def test_use_cases_do_not_call_each_other(name: str) -> None:
    for node in ast.walk(tree_of(USECASES_FOLDER / f"{name}.py")):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "reviewcore.usecases"
        ):
            assert (node.module or "").startswith("reviewcore.usecases.steps")


def blocks(tree: ast.AST) -> Iterator[ast.With]:
    """Every ``with store.begin(...)`` and ``with store.read()`` block."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and any(
            isinstance(item.context_expr, ast.Call)
            and isinstance(item.context_expr.func, ast.Attribute)
            and item.context_expr.func.attr in {"begin", "read"}
            for item in node.items
        ):
            yield node


@pytest.mark.parametrize("path", sorted(USECASES_FOLDER.rglob("*.py")), ids=told)
def test_no_gateway_is_called_inside_a_transaction(path: Path) -> None:
    gateways = set(DRIVEN.values())

    for block in blocks(tree_of(path)):
        inside = [node for line in block.body for node in ast.walk(line)]
        names = {node.id for node in inside if isinstance(node, ast.Name)}
        assert names.isdisjoint(gateways), f"line {block.lineno}"


def test_the_look_for_transactions_finds_them() -> None:
    found = {path.stem for path in USECASES_FOLDER.glob("*.py") if any(blocks(tree_of(path)))}

    assert found == set(DRIVEN)


# ── the core has no clock, no dice and no environment ────────────────────────────────────────

FORBIDDEN_MODULES = {"os", "time", "random", "secrets", "uuid", "socket", "threading", "tempfile"}
FORBIDDEN_CALLS = {"now", "utcnow", "today", "fromtimestamp"}


@pytest.mark.parametrize("path", core_files(), ids=told)
def test_the_core_imports_no_clock_dice_or_environment(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])

    assert imported.isdisjoint(FORBIDDEN_MODULES)
    assert imported - {"reviewcore", "attrs"} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", core_files(), ids=told)
def test_the_core_asks_no_clock(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in {"datetime", "date"}:
                assert node.func.attr not in FORBIDDEN_CALLS, f"line {node.lineno}"


# ── states, errors, events ───────────────────────────────────────────────────────────────────

TABLES = {
    tracks.TrackStatus: tracks.NEXT,
    reviews.ReviewStatus: reviews.NEXT,
    payments.PaymentStatus: payments.PAYMENT_NEXT,
    payments.AttemptStatus: payments.ATTEMPT_NEXT,
    refunds.RefundStatus: refunds.REFUND_NEXT,
    payouts.PayoutStatus: payouts.NEXT,
    flags.FlagStatus: flags.NEXT,
    disputes.DisputeStatus: disputes.NEXT,
    support.TicketStatus: support.NEXT,
    uploads.UploadStatus: uploads.NEXT,
}


def domain_modules() -> list[ModuleType]:
    return [
        importlib.import_module(f"reviewcore.domain.{found.name}")
        for found in pkgutil.iter_modules([str(SOURCE / "domain")])
    ]


def test_every_status_has_its_table() -> None:
    statuses = {
        thing
        for module in domain_modules()
        for name, thing in vars(module).items()
        if inspect.isclass(thing) and issubclass(thing, StrEnum) and name.endswith("Status")
    }

    assert statuses == set(TABLES)


@pytest.mark.parametrize("status", TABLES, ids=lambda status: status.__name__)
def test_every_state_has_its_row_and_leads_to_states(status: type[StrEnum]) -> None:
    table: Any = TABLES[status]

    assert set(table) == set(status)
    assert all(following <= set(status) for following in table.values())
    with pytest.raises(TypeError):
        table[next(iter(status))] = frozenset()


def leaves(kind: type[ReviewcoreError]) -> list[type[ReviewcoreError]]:
    return [leaf for child in kind.__subclasses__() for leaf in leaves(child)] or [kind]


LEAVES = [leaf for leaf in leaves(ReviewcoreError) if leaf.__module__ == "reviewcore.domain.errors"]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_every_refusal_has_one_category_and_no_suffix(leaf: type[ReviewcoreError]) -> None:
    categories = [kind for kind in ReviewcoreError.__subclasses__() if issubclass(leaf, kind)]

    assert len(categories) == 1
    assert not leaf.__name__.endswith(("Error", "Exception"))
    assert leaf in categories or leaf.__mro__[1] is categories[0]


@pytest.mark.skipif(
    importlib.util.find_spec("litestar") is None, reason="the extra `http` is not installed"
)
@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_every_refusal_has_a_status(leaf: type[ReviewcoreError]) -> None:
    problems = importlib.import_module("reviewcore.entrypoints.http.problems")

    status = problems.status_of(leaf)

    assert 400 <= status <= 503
    assert status != 500


EVENTS = {
    name: kind
    for name, kind in event_kinds().items()
    if kind is not Event and not kind.__subclasses__()
}

# Words of the past that do not end in -ed.
PAST = re.compile(r"(ed|Upheld|Sent|Known|Won|Lost)(?=[A-Z]|$)")

# Fields of text that hold a word of ours: the value of an enum, the name of an act.
WORDS_OF_OURS = {
    "before",
    "after",
    "tier",
    "cause",
    "code",
    "status",
    "reason",
    "flag_reason",
    "subject",
    "act",
}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_is_told_in_the_past_tense(name: str) -> None:
    assert PAST.search(name)
    assert EVENTS[name].__doc__


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_carries_no_text(name: str) -> None:
    for field, kind in get_type_hints(EVENTS[name]).items():
        if field == "ABOUT":
            continue
        named = getattr(kind, "__supertype__", None)
        if field.endswith("_id"):
            assert named is str, f"{field} is an id and should be typed as one"
        elif kind is str:
            assert field in WORDS_OF_OURS, f"{field} may hold what people typed"
        else:
            assert kind in {int, bool, datetime} or named is int, f"{field} is a {kind}"


# ── imports and silence ──────────────────────────────────────────────────────────────────────


def modules_after(statement: str) -> set[str]:
    """The top-level modules that are loaded in a fresh interpreter after *statement*."""
    ran = subprocess.run(
        [sys.executable, "-I", "-c", f"{statement}; import sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    bare = subprocess.run(
        [sys.executable, "-I", "-c", "import sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {name.partition(".")[0] for name in ran.stdout.split()} - {
        name.partition(".")[0] for name in bare.stdout.split()
    }


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_after("import reviewcore") <= {"reviewcore", "__future__"}


@pytest.mark.parametrize("module", ["reviewcore.usecases", "reviewcore.domain", "reviewcore.ports"])
def test_the_core_needs_the_standard_library_and_attrs_alone(module: str) -> None:
    loaded = modules_after(f"import {module}")

    assert loaded - {"reviewcore", "attr", "attrs"} <= sys.stdlib_module_names


def test_the_quickstart_needs_the_standard_library_and_attrs_alone() -> None:
    loaded = modules_after("import reviewcore.bootstrap as b; b.in_memory()")

    assert loaded - {"reviewcore", "attr", "attrs"} <= sys.stdlib_module_names


SILENCE = re.compile(
    r"#\s*(?:type:\s*ignore(?:\[[\w, -]+\])?|noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?"
    r"|pragma: no (?:cover|branch))(?P<reason>.*)$"
)
SKIP = re.compile(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b")


def python_files() -> list[Path]:
    return sorted(
        path for folder in ("bench", "src", "tests") for path in (REPOSITORY / folder).rglob("*.py")
    )


def test_whoever_silences_a_check_says_why() -> None:
    unexplained = []
    for path in python_files():
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, (above, line) in enumerate(pairwise(["", *lines]), 1):
            silenced = SILENCE.search(line)
            if silenced and not re.search(r"\w{2,}", silenced["reason"]):
                explained = above.strip().startswith("#") or path == Path(__file__)
                unexplained += [] if explained else [f"{told(path)}:{number}: {line.strip()}"]

    assert unexplained == []


def test_whoever_skips_a_test_says_why() -> None:
    unexplained = []
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if SKIP.search(text) else ():
            if isinstance(node, ast.Call) and SKIP.search(ast.unparse(node.func)):
                said = {keyword.arg for keyword in node.keywords}
                if "reason" not in said and not node.args:
                    unexplained.append(f"{told(path)}:{node.lineno}")

    assert unexplained == []
