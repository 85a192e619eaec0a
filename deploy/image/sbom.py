"""
Put together what the image is made of, and write it to standard output as CycloneDX, once its schema accepts it.

Run by `sbom.sh`, in the environment of `deploy/requirements.lock`. The lock says what may be in an image; with a look into
one (`contents.py`) the result has what is in it: a package of Python's that the lock does not have, or not in this
version, is an error (status 1).
"""

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

Component = dict[str, Any]
PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = "node_modules/"


def component(kind: str, name: str, version: str, purl: str, **more: object) -> Component:
    """One of CycloneDX's, referred to by its package URL."""
    return {"type": kind, "name": name, "version": version, "purl": purl, "bom-ref": purl, **more}


def normal(name: str) -> str:
    """A name of Python's in the one spelling that PyPI compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def of_page(lock: dict[str, Any]) -> list[Component]:
    """What is bundled into the console's page: what npm's lock has, but for what only builds it."""
    return [
        component(
            "library",
            name,
            package["version"],
            f"pkg:npm/{quote(name, safe='/')}@{package['version']}",
            licenses=[{"license": {"id": package["license"]}}],
        )
        for path, package in sorted(lock["packages"].items())
        if path and not package.get("dev")
        for name in [path.rpartition(MODULES)[2]]
    ]


def of_system(contents: dict[str, Any]) -> list[Component]:
    """What dpkg has, and an interpreter that is in no package."""
    system, python = contents["system"], contents["python"]
    found = [
        component(
            "library",
            name,
            version,
            f"pkg:deb/{system['ID']}/{quote(name)}@{quote(version)}"
            f"?arch={architecture}&distro={system['ID']}-{system['VERSION_ID']}",
        )
        for name, version, architecture in contents["packages"]
    ]
    return found + (
        [component("platform", "python", python, f"pkg:generic/python@{python}")] if python else []
    )


def installed(lock: dict[str, Any], contents: dict[str, Any]) -> None:
    """Leave in the lock's list what is in the image. Exits when the image has what the lock has not."""
    there = {normal(name): version for name, version in contents["distributions"]}
    del there[normal(PROJECT["name"])]
    locked = {normal(each["name"]): each["version"] for each in lock["components"]}
    strange = sorted(f"{name} {version}" for name, version in there.items() if locked.get(name) != version)
    if strange:
        sys.exit(f"not as the lock has it: {', '.join(strange)}")
    lock["components"] = [each for each in lock["components"] if normal(each["name"]) in there]
    kept = {each["bom-ref"] for each in lock["components"]}
    lock["dependencies"] = [each for each in lock["dependencies"] if each["ref"] in kept]


def main() -> None:
    parser = argparse.ArgumentParser(description="What the image is made of, as CycloneDX.")
    parser.add_argument(
        "--lock", type=Path, required=True, help="what cyclonedx-py says of requirements.lock"
    )
    parser.add_argument("--page", type=Path, required=True, help="npm's lock")
    parser.add_argument("--image", default="", help="what the image is called")
    parser.add_argument("--contents", type=Path, help="what contents.py says of it")
    options = parser.parse_args()

    bom = json.loads(options.lock.read_text(encoding="utf-8"))
    name, version = PROJECT["name"], PROJECT["version"]
    own = component("application", name, version, f"pkg:pypi/{name}@{version}")
    bom["metadata"]["component"] = own
    page = of_page(json.loads(options.page.read_text(encoding="utf-8")))
    if options.contents is None:
        bom["components"] += page
    else:
        contents = json.loads(options.contents.read_text(encoding="utf-8"))
        installed(bom, contents)
        bom["components"] += [own, *page, *of_system(contents)]
        bom["metadata"]["component"] = {"type": "container", "name": options.image, "bom-ref": options.image}
    text = json.dumps(bom, indent=2, sort_keys=True)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        sys.exit(f"not as the schema of CycloneDX has it: {str(wrong).splitlines()[0]}")
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
