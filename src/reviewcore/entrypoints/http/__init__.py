"""The market over HTTP: routes, bodies, views and problem documents."""

from reviewcore.entrypoints.http.app import create_app

__all__ = ["create_app"]
