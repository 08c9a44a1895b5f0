from __future__ import annotations

import attrs
import pytest

from reviewcore.domain.artists import require_artist_name
from reviewcore.domain.errors import InvalidText, NoFreeCredit
from reviewcore.domain.money import Cents
from reviewcore.testing import builders as make


def test_an_artist_changes_name_and_genres() -> None:
    artist = make.an_artist()

    changed = artist.rename("  New Name ", genres=artist.genres[:1])

    assert (changed.artist_name, changed.genres) == ("New Name", artist.genres[:1])


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines"])
def test_an_artist_name_is_one_line_of_1_to_100_characters(name: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        require_artist_name(name)

    assert refusal.value.field == "artist_name"


def test_an_artist_name_is_kept_without_outer_space() -> None:
    assert require_artist_name(" x ") == "x"
    assert require_artist_name("x" * 100) == "x" * 100


def test_what_is_queued_is_counted_and_spent() -> None:
    artist = make.an_artist().queue_track(Cents(495)).queue_track(Cents(0))

    assert (artist.total_tracks, artist.total_spent) == (2, 495)


def test_what_goes_back_is_no_longer_spent() -> None:
    artist = make.an_artist(total_spent=495).take_back(Cents(99))

    assert artist.total_spent == 396


def test_a_credit_is_spent_once() -> None:
    artist = make.an_artist(free_review_credits=1).use_credit()

    with pytest.raises(NoFreeCredit):
        artist.use_credit()

    assert artist.free_review_credits == 0
    assert artist.grant_credits(3).free_review_credits == 3


def test_an_artist_who_leaves_keeps_no_name_and_no_genres() -> None:
    artist = make.an_artist(total_tracks=2, total_spent=495)

    gone = artist.erase()

    assert gone == attrs.evolve(artist, artist_name="", genres=())
