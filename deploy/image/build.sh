#!/bin/sh
# Build the image with docker, podman or buildah, whichever is found first (or BUILDER).
#
#   BASE       the base image; any with python3 >= 3.11, venv and pip  [default: that of the Containerfile]
#   TAG        what the image is called                                [default: localhost/edgescript:VERSION]
#   BUILDER    docker, podman or buildah
#   BUILD_ARGS more arguments for the builder, such as `--network=host`
#   PIP_INDEX_URL, PIP_EXTRA_INDEX_URL   a mirror of the package index
set -eu
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
tag=${TAG:-localhost/edgescript:$version}

builder=${BUILDER:-}
for candidate in docker podman buildah; do
    # `info` fails where the command is there and what it speaks to is not.
    [ -z "$builder" ] && command -v "$candidate" >/dev/null 2>&1 && "$candidate" info >/dev/null 2>&1 && builder=$candidate
done
[ -n "$builder" ] || { echo "make image: want docker, podman or buildah, and a daemon for the first" >&2; exit 2; }

set -- build --file deploy/image/Containerfile --tag "$tag" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision"
for name in BASE PIP_INDEX_URL PIP_EXTRA_INDEX_URL; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || set -- "$@" --build-arg "$name=$value"
done
# HEALTHCHECK is of Docker's image format; OCI's has none, and podman would drop it.
[ "$builder" = docker ] || set -- "$@" --format docker
# shellcheck disable=SC2086  # several arguments
"$builder" "$@" ${BUILD_ARGS:-} .
echo "$tag"
