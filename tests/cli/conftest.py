import pytest


@pytest.fixture
def script(tmp_path, monkeypatch):
    """script('a.es', text) writes a file in an otherwise empty current directory."""
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return write
