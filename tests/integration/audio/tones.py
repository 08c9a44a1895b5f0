"""Tones, encoded as artists would encode them."""

from __future__ import annotations

import io
import math
import tempfile
from pathlib import Path

import av
import numpy as np
import soundfile  # type: ignore[import-untyped]  # it ships no types
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from reviewcore.domain.uploads import AudioFormat

RATE = 22_050
MPEG4 = {AudioFormat.M4A: "ipod", AudioFormat.AAC: "adts"}


def sample(kind: AudioFormat, seconds: float = 3.0) -> bytes:
    """Encode a tone of so many seconds."""
    if kind in MPEG4:
        return mpeg4(MPEG4[kind], seconds)
    made = io.BytesIO()
    soundfile.write(made, _tone(seconds), RATE, format=kind.value)
    return made.getvalue()


def mpeg4(
    container: str,
    seconds: float = 3.0,
    *,
    codec: str = "aac",
    flags: str = "",
    loud: float = 0.3,
    rate: int = RATE,
) -> bytes:
    """Encode a tone by FFmpeg; *flags* are those of its muxer of films."""
    options = {"movflags": flags} if flags else {}
    # What puts the table before the sound reads its own file again.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with av.open(str(path), "w", container, options=options) as file:
            sound = file.add_stream(codec, rate=rate, layout="mono")
            assert isinstance(sound, AudioStream)
            tone = _tone(seconds, loud, rate).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, 0
            file.mux(sound.encode(frame))
            file.mux(sound.encode(None))
        return path.read_bytes()


def _tone(seconds: float, loud: float = 0.3, rate: int = RATE) -> NDArray[np.float32]:
    times = np.arange(int(rate * seconds)) / rate
    return (loud * np.sin(2 * math.pi * 440 * times)).astype(np.float32)
