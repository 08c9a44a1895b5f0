"""Listening to files: libsndfile, and FFmpeg for what it cannot read."""

from reviewcore.adapters.audio.decoded import DecodedAudio

__all__ = ["DecodedAudio"]
