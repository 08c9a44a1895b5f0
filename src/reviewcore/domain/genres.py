"""The genres of the market: a tree of two levels, and who matches whom through it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Final

import attrs

from reviewcore.domain.errors import UnknownGenre
from reviewcore.domain.ids import GenreId


@attrs.frozen
class Genre:
    """A kind of music: a root such as Electronic, or under one, such as Deep House."""

    id: GenreId
    name: str
    slug: str = attrs.field(validator=attrs.validators.matches_re(r"[a-z0-9]+(?:-[a-z0-9]+)*"))
    parent_id: GenreId | None = None


def _in_order(genres: Iterable[Genre]) -> tuple[Genre, ...]:
    # mypy cannot tell what `tuple` itself makes as a converter.
    return tuple(genres)


def _require_two_levels(
    _tree: GenreTree, _field: attrs.Attribute[tuple[Genre, ...]], genres: tuple[Genre, ...]
) -> None:
    _require_unique("id", (genre.id for genre in genres))
    _require_unique("slug", (genre.slug for genre in genres))
    _require_unique("name", (genre.name.casefold() for genre in genres))

    by_id = {genre.id: genre for genre in genres}
    for genre in genres:
        if genre.parent_id is None:
            continue
        if genre.parent_id not in by_id:
            raise ValueError(f"genre {genre.slug!r} has an unknown parent: {genre.parent_id!r}")
        if by_id[genre.parent_id].parent_id is not None:
            raise ValueError(f"genre {genre.slug!r} is on a third level")


def _require_unique(what: str, values: Iterable[str]) -> None:
    twice = sorted(value for value, count in Counter(values).items() if count > 1)
    if twice:
        raise ValueError(f"two genres have the same {what}: {', '.join(twice)}")


@attrs.frozen
class GenreTree:
    """Genres that were checked to be a tree of two levels, in the order given.

    Ids, slugs and names (in any case) are unique, parents are known, no parent has a parent.
    Otherwise the constructor raises ValueError: a catalogue is configuration, not a caller's input.
    """

    genres: tuple[Genre, ...] = attrs.field(converter=_in_order, validator=_require_two_levels)

    @cached_property
    def _by_slug(self) -> Mapping[str, Genre]:
        return MappingProxyType({genre.slug: genre for genre in self.genres})

    @cached_property
    def _related(self) -> Mapping[GenreId, frozenset[GenreId]]:
        related = {genre.id: {genre.id} for genre in self.genres}
        for genre in self.genres:
            if genre.parent_id is not None:
                related[genre.id].add(genre.parent_id)
                related[genre.parent_id].add(genre.id)
        return MappingProxyType({genre_id: frozenset(ids) for genre_id, ids in related.items()})

    def related(self, genre_id: GenreId) -> frozenset[GenreId]:
        """Return the genre itself, its parent and its children.

        An id that the tree does not know is related to itself only: a genre added by another
        process since this tree was read must not stop an assigner.
        """
        return self._related.get(genre_id) or frozenset({genre_id})

    def reach(self, genres: Iterable[GenreId]) -> frozenset[GenreId]:
        """Return everything that is related to any of the genres."""
        return frozenset(chain.from_iterable(map(self.related, genres)))

    def match(self, a: Iterable[GenreId], b: Iterable[GenreId]) -> bool:
        """Tell whether some genre of one side is, or is parent or child of, one of the other.

        Symmetric. Siblings do not match: House does not qualify for Deep House, Electronic does.
        """
        return not self.reach(a).isdisjoint(b)

    def by_slug(self, slug: str) -> Genre:
        """Return the genre with exactly this slug.

        Raises UnknownGenre.
        """
        genre = self._by_slug.get(slug)
        if genre is None:
            raise UnknownGenre(slug=slug)
        return genre

    def require(self, slugs: Iterable[str]) -> tuple[GenreId, ...]:
        """Return the ids of these slugs, in order, each once.

        Raises UnknownGenre for the first slug that is not known.
        """
        return tuple(dict.fromkeys(self.by_slug(slug).id for slug in slugs))


_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "Electronic": (
        "House", "Deep House", "Tech House", "Progressive House", "Afro House", "Techno",
        "Melodic Techno", "Trance", "Psytrance", "Drum & Bass", "Jungle", "Dubstep", "UK Garage",
        "Breakbeat", "Future Bass", "Hardstyle", "Electro", "Synthwave", "Downtempo", "EDM",
    ),
    "Hip-Hop": (
        "Trap", "Boom Bap", "Drill", "Lo-Fi Hip-Hop", "Conscious Hip-Hop", "Phonk", "Cloud Rap",
        "Grime", "Alternative Hip-Hop",
    ),
    "Pop": (
        "Indie Pop", "Synth-Pop", "Dance-Pop", "Electropop", "Bedroom Pop", "Dream Pop",
        "Hyperpop", "K-Pop", "J-Pop",
    ),
    "Rock": (
        "Indie Rock", "Alternative Rock", "Classic Rock", "Hard Rock", "Punk", "Post-Punk",
        "Pop Punk", "Emo", "Shoegaze", "Post-Rock", "Progressive Rock", "Psychedelic Rock",
        "Garage Rock", "Grunge",
    ),
    "Metal": (
        "Heavy Metal", "Thrash Metal", "Death Metal", "Black Metal", "Doom Metal", "Metalcore",
        "Progressive Metal", "Djent",
    ),
    "R&B & Soul": (
        "Contemporary R&B", "Alternative R&B", "Neo-Soul", "Soul", "Funk", "Disco", "Gospel",
    ),
    "Jazz": (
        "Bebop", "Smooth Jazz", "Jazz Fusion", "Vocal Jazz", "Big Band", "Free Jazz", "Nu Jazz",
    ),
    "Blues": ("Delta Blues", "Chicago Blues", "Blues Rock"),
    "Classical": (
        "Orchestral", "Chamber Music", "Solo Piano", "Choral", "Opera", "Neoclassical",
        "Minimalism", "Film Score",
    ),
    "Folk & Country": (
        "Singer-Songwriter", "Indie Folk", "Traditional Folk", "Americana", "Bluegrass", "Country",
        "Country Pop", "Outlaw Country",
    ),
    "Reggae & Caribbean": (
        "Roots Reggae", "Dub", "Dancehall", "Ska", "Soca", "Calypso", "Zouk",
    ),
    "Latin": (
        "Reggaeton", "Latin Pop", "Latin Trap", "Salsa", "Bachata", "Merengue", "Cumbia",
        "Bossa Nova", "Samba", "Tango", "Regional Mexican",
    ),
    "World": (
        "Afrobeats", "Afrobeat", "Amapiano", "Highlife", "Rai", "Arabic Pop", "Bollywood",
        "Indian Classical", "Celtic", "Flamenco", "Klezmer", "Balkan",
    ),
    "Ambient & Experimental": (
        "Ambient", "Dark Ambient", "Drone", "IDM", "Glitch", "Noise", "Vaporwave", "Industrial",
        "Musique Concrete",
    ),
})  # fmt: skip


def catalogue_of(names: Mapping[str, Iterable[str]]) -> tuple[Genre, ...]:
    """Make genres of roots and the names below each; ids equal slugs, which are read off names.

    Parents first, so that the rows can be inserted in this order. Seeding twice, or from two
    processes, makes the same rows. Raises ValueError for a name of which no slug can be made.
    """
    return (
        *(_genre(root, parent=None) for root in names),
        *(_genre(name, parent=root) for root, below in names.items() for name in below),
    )


def _genre(name: str, *, parent: str | None) -> Genre:
    slug = _slug_of(name)
    parent_id = None if parent is None else GenreId(_slug_of(parent))
    return Genre(id=GenreId(slug), name=name, slug=slug, parent_id=parent_id)


def _slug_of(name: str) -> str:
    spelt = name.lower().replace("r&b", "rnb").replace("&", "and")
    return re.sub(r"[^a-z0-9]+", "-", spelt)


CATALOGUE: Final[tuple[Genre, ...]] = catalogue_of(_NAMES)
"""The genres that a market starts with."""
