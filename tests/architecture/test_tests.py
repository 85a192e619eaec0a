"""The tests' own order: what several of them need stands in a module that holds no tests."""

from tests.architecture.imports import ROOT, Use, dotted_name, imports

FOLDER = ROOT / "tests"


def borrowed(module: str, source: str) -> list[Use]:
    """What `source` imports of modules that hold tests."""
    return [
        use
        for use in imports(source, module)
        if use.name.startswith("tests.") and any(part.startswith("test_") for part in use.name.split("."))
    ]


def test_no_module_of_tests_is_imported():
    found = {
        dotted_name(path): uses
        for path in sorted(FOLDER.rglob("*.py"))
        if (uses := borrowed(dotted_name(path), path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_a_module_of_tests_that_is_imported_is_seen():
    assert borrowed("tests.a.test_b", "from tests.c.test_d import given")
