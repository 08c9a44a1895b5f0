"""What the app adds to use cases: keys, and what it keeps of an answer."""

from __future__ import annotations

import attrs

from reviewcore.bootstrap import in_memory
from reviewcore.usecases import (
    ConfirmEmailAsAdmin,
    SignUp,
    confirm_email_as_admin,
    sign_up,
)


def test_no_secret_of_an_answer_is_kept_with_its_key() -> None:
    app = in_memory()
    user = app.drive(sign_up, SignUp(email="a@example.com", password="correct horse"))
    command = ConfirmEmailAsAdmin(user_id=user.id, admin_id=user.id, reason="known")

    first = app.perform(confirm_email_as_admin, command, key="k")
    again = app.perform(confirm_email_as_admin, command, key="k")

    assert user.password is not None
    assert again == attrs.evolve(first, password=None)


def test_a_deployment_knows_its_own_mark_and_no_others() -> None:
    one, other = in_memory(), in_memory()

    assert one.sign("told") == one.sign("told")
    assert one.sign("told") != one.sign("told otherwise")
    assert one.sign("told") != other.sign("told")
