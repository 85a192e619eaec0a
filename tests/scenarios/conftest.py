import pytest

from tests.support.certificates import Authority

SWEEP_S = 0.05


@pytest.fixture(autouse=True)
def _deadlines_are_noticed_soon(monkeypatch):
    """A worker looks at its deadlines twice a second, which would be most of the time these tests take."""
    monkeypatch.setattr("runtime.io.worker.SWEEP_S", SWEEP_S)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))
