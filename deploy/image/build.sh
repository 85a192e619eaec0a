#!/bin/sh
# Build the image with docker, podman or buildah, whichever is found first (or BUILDER).
#
#   BASE       the base image; any of Debian with python3 >= 3.11, venv and pip. NAME:TAG, NAME@sha256:DIGEST, or both
#              [default: that of the Containerfile]
#   TAG        what the image is called                                [default: localhost/edgescript:VERSION]
#   SOURCE     URL of the repository it is built from, for the label   [default: no such label]
#   BUILDER    docker, podman or buildah
#   BUILD_ARGS more arguments for the builder, such as `--network=host`
#   PIP_INDEX_URL, PIP_EXTRA_INDEX_URL   a mirror of the package index
set -eu
. "$(dirname "$0")/builder.sh"
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
# With what is not committed the image is not that of the commit, and says so.
revision=$(git describe --always --abbrev=40 --exclude='*' --dirty 2>/dev/null || echo unknown)
tag=${TAG:-localhost/edgescript:$version}
base=${BASE:-$(sed -n 's/^ARG BASE=//p' deploy/image/Containerfile)}
choose_builder docker podman buildah || { echo "make image: want docker, podman or buildah, and a daemon for the first" >&2; exit 2; }

set -- build --file deploy/image/Containerfile --tag "$tag" \
    --build-arg "BASE=$base" --label "org.opencontainers.image.base.name=$base" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision"
for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || set -- "$@" --build-arg "$name=$value"
done
[ -z "${SOURCE:-}" ] || set -- "$@" --label "org.opencontainers.image.source=$SOURCE"
# HEALTHCHECK is of Docker's image format; OCI's has none, and podman would drop it.
[ "$builder" = docker ] || set -- "$@" --format docker
# shellcheck disable=SC2086  # several arguments
"$builder" "$@" ${BUILD_ARGS:-} .
echo "$tag"
