"""The markets of the races serve the crashes too."""

from tests.integration.races.conftest import (  # noqa: F401 - fixtures are found by name
    make_world,
    world,
)
