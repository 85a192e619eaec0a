"""The cache keeps to RFC 9111 and its companions (`*.cases` beside this file; notation in `notation.py`)."""

import asyncio

import pytest

from tests.rfc9111.notation import ALL, FOLDER, Origin, Play, read_cases
from tests.rfc9111.pure import PureNode
from tests.rfc9111.sockets import one_node
from tests.support.worker import scenario


@pytest.mark.parametrize("name", ALL)
def test_in_the_exchange_machine(name):
    origin = Origin()
    asyncio.run(Play(ALL[name], PureNode(origin), origin).play())


@scenario
async def test_over_sockets():
    failed = []
    async with one_node() as begin:
        for case in ALL.values():
            origin = Origin()
            node = await begin(origin)
            try:
                await Play(case, node, origin).play()
            except (AssertionError, TimeoutError, EOFError) as error:
                failed.append(str(error) or f"{case.place} {case.title}: {error!r}")
    assert not failed, "\n".join(failed)


def test_titles_are_unique():
    assert len(ALL) == sum(1 for path in FOLDER.glob("*.cases") for _ in read_cases(path))
