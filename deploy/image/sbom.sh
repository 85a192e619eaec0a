#!/bin/sh
# What the image is made of (CycloneDX), into build/sbom.json or OUT: `deploy/image/sbom.sh [IMAGE]`, or make sbom IMAGE=NAME.
#
# Of the locks: Python's packages, and those bundled into the console's page. With IMAGE, also the packages of its
# operating system, and of Python's those that are in it. Wants docker or podman then (or BUILDER, one of them).
set -eu
. "$(dirname "$0")/builder.sh"
cd "$(dirname "$0")/../.."
image=${1:-}
out=${OUT:-build/sbom.json}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

set -- --lock "$folder/lock.json" --page runtime/console/page/package-lock.json
if [ -n "$image" ]; then
    choose_builder docker podman || { echo "make sbom: want docker or podman to look into $image" >&2; exit 2; }
    "$builder" run --rm -i --network=none --entrypoint=python3 "$image" -I - <deploy/image/contents.py >"$folder/contents.json"
    set -- "$@" --image "$image" --contents "$folder/contents.json"
fi
.venv-deploy/bin/cyclonedx-py requirements --output-reproducible --sv 1.6 --of JSON -o "$folder/lock.json" requirements.lock
mkdir -p "$(dirname "$out")"
.venv-deploy/bin/python deploy/image/sbom.py "$@" >"$folder/sbom.json"
mv "$folder/sbom.json" "$out"
echo "$out"
