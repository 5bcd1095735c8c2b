"""What could not be told of a repository's packages is kept until it can be, or until nobody says it any more."""

from redis import Redis

from bot.model.core_types import FullName
from bot.model.findings import UnreadableFile
from handlers.cache.repository_listings import UNRESOLVED_TTL, UnresolvedPackageStore

TOOL = FullName("Acme/Tool")
COMPUTED = UnreadableFile("setup.py", "it computes the name of its project")
IMAGE = UnreadableFile("ghcr", "no manifest names the package", 7)


def test_it_is_kept_until_it_can_be_told(redis: Redis) -> None:
    book = UnresolvedPackageStore(redis)
    book.put(TOOL, (COMPUTED, IMAGE))
    book.put(FullName("acme/all-told"), ())
    assert book.all() == {TOOL: (COMPUTED, IMAGE)}

    book.put(TOOL, (IMAGE,))
    assert book.all() == {TOOL: (IMAGE,)}

    book.put(TOOL, ())
    assert book.all() == {}


def test_what_nobody_says_any_more_goes(redis: Redis) -> None:
    UnresolvedPackageStore(redis).put(TOOL, (COMPUTED,))

    (key,) = redis.keys("wharfinger:packages:unresolved:*")
    assert 0 < redis.ttl(key) <= UNRESOLVED_TTL.total_seconds()
