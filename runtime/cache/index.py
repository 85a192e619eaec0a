"""What keys of the memory store a tag or a URL means, so that a purge looks at no others."""

from collections.abc import Collection, Iterable

from runtime.cache.purge import UPSTREAM_MARK, both_schemes, url_of


class KeyIndex:
    """Primary keys by tag; and by URL where the key says more than it. Keys of no tag and no upstream cost nothing."""

    __slots__ = ("_by_tag", "_by_url")

    def __init__(self) -> None:
        self._by_tag: dict[str, dict[str, None]] = {}
        self._by_url: dict[str, dict[str, None]] = {}

    def add(self, primary: str, tags: Iterable[str]) -> None:
        for tag in tags:
            self._by_tag.setdefault(tag, {})[primary] = None
        if UPSTREAM_MARK in primary:
            self._by_url.setdefault(url_of(primary), {})[primary] = None

    def remove(self, primary: str, tags: Iterable[str]) -> None:
        """Forget what `add` was told with the same arguments."""
        for tag in tags:
            _drop(self._by_tag, tag, primary)
        if UPSTREAM_MARK in primary:
            _drop(self._by_url, url_of(primary), primary)

    def clear(self) -> None:
        self._by_tag.clear()
        self._by_url.clear()

    def tagged(self, tag: str) -> Collection[str]:
        """Keys with `tag`, each once."""
        return tuple(self._by_tag.get(tag, ()))

    def under(self, url: str) -> Collection[str]:
        """Keys a purge of `url` is about; they need not be stored."""
        keys: dict[str, None] = {}
        for each in both_schemes(url):
            keys[each] = None
            keys.update(self._by_url.get(each, ()))
        return tuple(keys)


def _drop(index: dict[str, dict[str, None]], name: str, primary: str) -> None:
    keys = index.get(name)
    if keys is not None:
        keys.pop(primary, None)
        if not keys:
            del index[name]
