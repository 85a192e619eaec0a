"""The exchange machine keeps to its playbooks (`*.play` beside this file; notation in `notation.py`)."""

from pathlib import Path

import pytest

from tests.exchange.notation import Stage, read_playbooks

PLAYBOOKS = [
    playbook for path in sorted(Path(__file__).parent.glob("*.play")) for playbook in read_playbooks(path)
]


@pytest.mark.parametrize(
    "playbook", PLAYBOOKS, ids=lambda playbook: f"{playbook.path.stem}: {playbook.title}"
)
def test_playbook(playbook):
    Stage().play(playbook)


def test_titles_are_unique():
    titles = [(playbook.path, playbook.title) for playbook in PLAYBOOKS]
    assert len(titles) == len(set(titles))
