"""Serve a Stripe of our own until it is interrupted: `python -m reviewcore.testing.stripe`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from reviewcore.testing.stripe.server import ACCOUNT_SECRET, CONNECT_SECRET, StripeServer

PORT = 12111
"""The port of Stripe's own mock server."""


def main() -> int:
    """Serve as the command line asks, and tell the address once it listens."""
    wishes = _parser().parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server = StripeServer(
        port=wishes.port,
        webhook_url=wishes.webhook,
        webhook_secret=wishes.webhook_secret,
        connect_webhook_url=wishes.connect_webhook,
        connect_webhook_secret=wishes.connect_webhook_secret,
        settle_seconds=wishes.settle_seconds,
    )
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        ended.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reviewcore.testing.stripe",
        description="A Stripe of our own on loopback, in memory: no real money moves.",
    )
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    parser.add_argument("--webhook", metavar="URL", help="where the platform's events go")
    parser.add_argument("--webhook-secret", metavar="SECRET", default=ACCOUNT_SECRET)
    parser.add_argument("--connect-webhook", metavar="URL", help="where connected accounts' go")
    parser.add_argument("--connect-webhook-secret", metavar="SECRET", default=CONNECT_SECRET)
    parser.add_argument(
        "--settle-seconds",
        type=int,
        default=0,
        help="how long payments wait until they are available",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
