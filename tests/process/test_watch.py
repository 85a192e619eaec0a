"""What counts as a change of files: everything a program does to put new ones in their place."""

import time

from runtime.io.process.watch import Watch
from tests.support.edge import node


def watch_of(*paths):
    watch = Watch()
    watch.begin(str(path) for path in paths)
    return watch


def looks(watch, times=3):
    return [watch.changed() for _ in range(times)]


def test_files_that_stay_are_no_change(tmp_path):
    path = tmp_path / "a.es"
    path.write_text("one")
    assert looks(watch_of(path, tmp_path / "none")) == [False, False, False]


def test_a_change_counts_once_when_it_has_settled(tmp_path):
    path = tmp_path / "a.es"
    path.write_text("one")
    watch = watch_of(path)
    path.write_text("and two")
    assert looks(watch, 4) == [False, True, False, False]


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path):
    path = tmp_path / "a.es"
    path.write_text("")
    watch = watch_of(path)
    seen = []
    for length in range(1, 4):
        path.write_text("x" * length)
        seen.append(watch.changed())
    assert [*seen, *looks(watch)] == [False, False, False, True, False, False]


def test_a_link_that_leads_elsewhere_is_a_change_of_all_behind_it(tmp_path):
    # As the kubelet does it: ..data is a link to a folder, and is replaced by renaming another over it.
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.es").write_text("same")
    (tmp_path / "..data").symlink_to("first")
    (tmp_path / "a.es").symlink_to("..data/a.es")
    watch = watch_of(tmp_path / "a.es")
    (tmp_path / "..new").symlink_to("second")
    (tmp_path / "..new").replace(tmp_path / "..data")
    assert looks(watch) == [False, True, False]


def test_a_file_that_comes_and_one_that_goes_are_changes(tmp_path):
    path = tmp_path / "a.es"
    watch = watch_of(path)
    path.write_text("one")
    assert looks(watch) == [False, True, False]
    path.unlink()
    assert looks(watch) == [False, True, False]


def test_a_directory_changes_with_the_names_in_it(tmp_path):
    watch = watch_of(tmp_path)
    (tmp_path / "b.es").write_text("")
    assert looks(watch) == [False, True, False]


def test_what_changes_while_it_is_read_is_read_again(tmp_path):
    path, other = tmp_path / "a.es", tmp_path / "b.es"
    for each in (path, other):
        each.write_text("one")
    watch = watch_of(path)
    path.write_text("and two")
    watch.follow([str(path), str(other)])
    assert looks(watch) == [False, True, False]


def site_of(folder):
    return [{"hosts": ["127.0.0.1"], "origin": "http://127.0.0.1:1", "scripts": [str(folder)]}]


def test_a_node_serves_what_a_volume_has_within_a_second(tmp_path):
    volume = tmp_path / "volume"
    for name, says in (("first", "one"), ("second", "two")):
        (volume / name).mkdir(parents=True)
        (volume / name / "a.es").write_text(f"exit(200, '{says}')\n")
    (volume / "..data").symlink_to("first")
    (volume / "a.es").symlink_to("..data/a.es")
    with node(tmp_path, workers=2, watch=True, sites=site_of(volume)) as edge:
        assert edge.get("/") == (200, b"one")
        (volume / "..new").symlink_to("second")
        (volume / "..new").replace(volume / "..data")
        began_s = time.monotonic()
        edge.event("reloaded")
        assert time.monotonic() - began_s < 5, "a second, and what a busy machine adds"
        assert edge.get("/") == (200, b"two")


def test_a_script_with_an_error_changes_nothing_until_it_is_mended(tmp_path):
    with node(tmp_path, {"a.es": "exit(200, 'one')\n"}, workers=1, watch=True) as edge:
        edge.script("a.es", "exit(200, ")
        edge.event("reload-failed")
        assert edge.get("/") == (200, b"one")
        status, said = edge.admin("GET", "/readyz")
        assert (status, said["ready"], said["trouble"]) == (200, True, ["reload: errors in scripts"])
        assert edge.metric("trouble") == 1
        edge.script("a.es", "exit(200, 'two')\n")
        edge.event("reloaded")
        assert edge.get("/") == (200, b"two")
        assert edge.admin("GET", "/readyz")[1]["trouble"] == []


def test_a_script_that_is_added_to_a_folder_runs(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.es").write_text("exit(200, 'b')\n")
    with node(tmp_path, workers=1, watch=True, sites=site_of(folder)) as edge:
        assert edge.get("/") == (200, b"b")
        (folder / "a.es").write_text("exit(200, 'a comes first')\n")
        edge.event("reloaded")
        assert edge.get("/") == (200, b"a comes first")
