"""Requests without the official library, for what it would not do."""

from __future__ import annotations

from functools import partial

import httpx

# Loopback has no certificates, and loading the authorities' takes longer than most tests.
get = partial(httpx.get, verify=False)
post = partial(httpx.post, verify=False)
