"""Asking platforms what a link is called (https://oembed.com)."""

from reviewcore.adapters.oembed.links import OEmbedLinks

__all__ = ["OEmbedLinks"]
