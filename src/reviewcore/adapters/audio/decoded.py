"""Files decoded by programs of their own, with bounds on time and memory."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from reviewcore.domain.errors import DecoderUnavailable
from reviewcore.domain.tracks import DURATION_MAX_SECONDS
from reviewcore.domain.uploads import AudioFormat, Heard, Playable, Unplayable

HERE = Path(__file__).parent
SNDFILE = (HERE / "decoding.py", "soundfile")
FFMPEG = (HERE / "mpeg4.py", "av")
DECODERS = dict.fromkeys(AudioFormat, SNDFILE) | {
    AudioFormat.M4A: FFMPEG,
    AudioFormat.AAC: FFMPEG,
}
"""The program that decodes each format, and the package which that needs."""

CONFINED = HERE / "confined.py"
SECONDS_MAX = 60
"""For one file; 25 MiB of the slowest format take a tenth of it on a slow machine."""

MEMORY_MAX_BYTES = 1 << 30
AT_ONCE = 2
WAIT_SECONDS = 30

SLOW = Unplayable("takes too long to decode")


class DecodedAudio:
    """Listens by libsndfile, and to M4A and AAC by FFmpeg; the extra `audio` brings both.

    Two files at once; whoever must wait longer than half a minute is told to come again.
    """

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise DecoderUnavailable
        try:
            with _on_disk(file) as stored:
                return _decode(stored, audio)
        finally:
            self._turns.release()


def _decode(stored: BinaryIO, audio: AudioFormat) -> Heard:
    program, package = DECODERS[audio]
    if importlib.util.find_spec(package) is None:
        raise DecoderUnavailable
    # By path and isolated (-I): the working folder and the environment lend it no code.
    command = [sys.executable, "-I", str(program), audio, str(DURATION_MAX_SECONDS)]
    told = _run(command, stored)
    match told:
        case {"seconds": int(seconds)}:
            return Playable(seconds)
        case {"reason": str(reason)}:
            return Unplayable(reason)
        case None:
            return SLOW
        case _:
            # It crashed, or had too little memory: not a file to be given to listeners.
            return Unplayable(f"cannot be decoded as {audio}")


def _run(command: list[str], stored: BinaryIO) -> dict[str, Any] | None:
    """Return the JSON that a program says of the file, {} when it says none, None if too slow."""
    stored.seek(0)
    try:
        ran = subprocess.run(  # noqa: S603 - a program of ours, no shell
            [*_confinement(), *command],
            stdin=stored,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS_MAX,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise DecoderUnavailable from error
    try:
        told = json.loads(ran.stdout) if ran.returncode == 0 else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _confinement() -> list[str]:
    if os.name != "posix":
        return []
    limits = [str(MEMORY_MAX_BYTES), str(SECONDS_MAX)]
    return [sys.executable, "-I", "-S", str(CONFINED), *limits]


@contextmanager
def _on_disk(file: BinaryIO) -> Iterator[BinaryIO]:
    """Have the file where another process can read it, without a name of its own."""
    file.seek(0)
    with tempfile.TemporaryFile() as stored:
        shutil.copyfileobj(file, stored)
        stored.flush()
        yield stored
