"""Files decoded by programs of their own, with bounds on time and memory."""

from __future__ import annotations

import importlib.util
import json
import math
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

DECODING = Path(__file__).with_name("decoding.py")
CONFINED = Path(__file__).with_name("confined.py")
SECONDS_MAX = 60
"""For one file; 25 MiB of the slowest format take a tenth of it on a slow machine."""

MEMORY_MAX_BYTES = 1 << 30
AT_ONCE = 2
WAIT_SECONDS = 30

MPEG4 = {AudioFormat.M4A: "mov", AudioFormat.AAC: "aac"}
"""What ffprobe calls the containers that it reads for us, and no other: some name other files."""

SLOW = Unplayable("takes too long to decode")
NO_FFPROBE = Unplayable("cannot be checked here: send MP3, WAV, FLAC or OGG")


class DecodedAudio:
    """Listens by libsndfile (extra `audio`), and to M4A and AAC by ffprobe where there is one.

    Two files at once; whoever must wait longer than half a minute is told to come again.
    """

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def listen(self, file: BinaryIO, audio: AudioFormat) -> Heard:
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise DecoderUnavailable
        try:
            with _on_disk(file) as stored:
                return _probe(stored, audio) if audio in MPEG4 else _decode(stored, audio)
        finally:
            self._turns.release()


def _decode(stored: BinaryIO, audio: AudioFormat) -> Heard:
    if importlib.util.find_spec("soundfile") is None:
        raise DecoderUnavailable
    # By path and isolated (-I): the working folder and the environment lend it no code.
    command = [sys.executable, "-I", str(DECODING), audio, str(DURATION_MAX_SECONDS)]
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


def _probe(stored: BinaryIO, audio: AudioFormat) -> Heard:
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return NO_FFPROBE
    command = [ffprobe, "-v", "error", "-f", MPEG4[audio], "-protocol_whitelist", "pipe,fd,file"]
    command += ["-count_frames", "-of", "json"]
    command += ["-show_entries", "stream=codec_type,nb_read_frames,duration,sample_rate"]
    told = _run([*command, "-i", "/dev/stdin"], stored)
    if told is None:
        return SLOW
    streams = [one for one in told.get("streams", ()) if one.get("codec_type") == "audio"]
    if not streams or not int(streams[0].get("nb_read_frames") or 0):
        return Unplayable("holds no sound")
    return _plausible(streams[0])


def _plausible(stream: dict[str, Any]) -> Heard:
    # An AAC frame is 1,024 samples, or 2,048 with HE-AAC: the header may not claim more than that.
    frames, rate = int(stream["nb_read_frames"]), int(stream["sample_rate"])
    longest = frames * 2048 / rate
    seconds = min(float(stream.get("duration") or longest), longest)
    if seconds < 1:
        return Unplayable("plays for less than a second")
    if seconds > DURATION_MAX_SECONDS:
        return Unplayable(f"plays for more than {DURATION_MAX_SECONDS} seconds")
    return Playable(math.ceil(seconds))


def _run(command: list[str], stored: BinaryIO) -> dict[str, Any] | None:
    """Return the JSON that a program says of the file, {} when it says none, None if too slow."""
    stored.seek(0)
    try:
        ran = subprocess.run(  # noqa: S603 - a program of ours or of the machine, no shell
            [*_confinement(), *command],
            stdin=stored,
            capture_output=True,
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
