"""The promises of `reviewcore.ports.store`, as tests that any store can be put through.

Subclass `StoreContract` and give it the fixture `store`: a fresh, migrated, empty store made with
the fixtures `clock` and `rules`. Whatever the tests add refers to rows that exist.
"""

from reviewcore.testing.contracts.store.ages import AgesContract
from reviewcore.testing.contracts.store.audit import AuditContract
from reviewcore.testing.contracts.store.blocks import BlocksContract
from reviewcore.testing.contracts.store.comebacks import ComebacksContract
from reviewcore.testing.contracts.store.constraints import ConstraintsContract
from reviewcore.testing.contracts.store.credentials import CredentialsContract
from reviewcore.testing.contracts.store.events import EventsContract
from reviewcore.testing.contracts.store.exactness import ExactnessContract
from reviewcore.testing.contracts.store.inbox import InboxContract
from reviewcore.testing.contracts.store.isolation import IsolationContract
from reviewcore.testing.contracts.store.leaving import LeavingContract
from reviewcore.testing.contracts.store.ledger import LedgerContract
from reviewcore.testing.contracts.store.matching import MatchingContract
from reviewcore.testing.contracts.store.payments import PaymentsContract
from reviewcore.testing.contracts.store.people import PeopleContract
from reviewcore.testing.contracts.store.places import PlacesContract
from reviewcore.testing.contracts.store.races import RacesContract
from reviewcore.testing.contracts.store.reviews import ReviewsContract
from reviewcore.testing.contracts.store.roundtrips import RoundTripsContract
from reviewcore.testing.contracts.store.rows import RowsContract
from reviewcore.testing.contracts.store.service import ServiceContract
from reviewcore.testing.contracts.store.throttles import ThrottlesContract
from reviewcore.testing.contracts.store.tracks import TracksContract
from reviewcore.testing.contracts.store.unsettled import UnsettledContract

__all__ = ["StoreContract"]


class StoreContract(
    AgesContract,
    AuditContract,
    BlocksContract,
    ComebacksContract,
    ConstraintsContract,
    CredentialsContract,
    EventsContract,
    ExactnessContract,
    InboxContract,
    IsolationContract,
    LeavingContract,
    LedgerContract,
    MatchingContract,
    PaymentsContract,
    PeopleContract,
    PlacesContract,
    RacesContract,
    ReviewsContract,
    RoundTripsContract,
    RowsContract,
    ServiceContract,
    ThrottlesContract,
    TracksContract,
    UnsettledContract,
):
    """Every promise of a store.

    To be claimed: DURABLE, when what was committed is there after the store was opened anew;
    SHARED, when several stores, in as many processes, may be open on one place at a time; PARALLEL,
    when blocks about different rows go side by side, and reading waits for nobody. Who claims the
    first two supplies `open_again`.
    """

    CONTRACT_VERSION = "1.0"
