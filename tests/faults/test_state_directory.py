"""A state directory that the system does not let the node write."""

import json

from runtime.state.objects.bodies import Bodies
from tests.support.edge import node

YES = {"a.es": "if limit_req('all', '1000r/s', 1000) {\n    exit(200, 'yes')\n}\n"}


def test_a_node_without_it_serves_and_says_so(tmp_path):
    (tmp_path / "file").write_text("no directory")
    with node(tmp_path, YES, workers=2, state_dir="file/state") as edge:
        (said,) = [json.loads(line) for line in edge.log if '"state-unwritable"' in line]
        assert said["reason"].endswith("file/state: not a directory")
        assert edge.get("/") == (200, b"yes")
        status, state = edge.admin("GET", "/readyz")
        assert (status, state["ready"], state["workers"]) == (200, True, 2)
        assert state["trouble"][0].startswith("disk cache: ")
        assert edge.metric("trouble") == 1
        assert edge.end() == 0


def test_a_body_that_cannot_be_written_is_counted_and_its_file_is_not_named(tmp_path):
    (tmp_path / "bodies").write_text("no directory")
    bodies = Bodies(tmp_path / "bodies", max_object_bytes=1000, max_open=10, max_writing_bytes=1000)
    assert bodies.write(b"a body") is None
    assert bodies.failed_writes == 1
    assert bodies.trouble == "a body cannot be written: Not a directory"
