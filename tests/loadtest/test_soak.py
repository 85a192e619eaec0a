"""The soak for some seconds: the mix, its operator and a node of two workers."""

from loadtest.soak import soak


def test_nothing_fails_and_every_request_is_accounted_for(tmp_path):
    soaked = soak(tmp_path, seconds=4, workers=2, users=16)
    assert soaked.broken() == [], soaked.said
    names = {each.name for each in soaked.named}
    assert {"/home", "/tagged/[article]", "/keep/[film]", "reload"} <= names
    assert any(name.startswith("purge by") for name in names)
    assert soaked.asked_of_node > 100
