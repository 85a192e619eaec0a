#!/bin/sh
# Make a base image of Debian packages, for where no registry of images can be reached: `deploy/image/base.sh [NAME]`.
#
# Wants mmdebstrap, and docker or podman (or BUILDER, one of them); about half a minute and 150 MB. Then: make image BASE=NAME
set -eu
. "$(dirname "$0")/builder.sh"
name=${1:-localhost/base-python:bookworm}
command -v mmdebstrap >/dev/null 2>&1 || { echo "base.sh: want mmdebstrap" >&2; exit 2; }
choose_builder docker podman || { echo "base.sh: want docker or podman" >&2; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The hook merges /usr as Debian's own installer does; the package `usrmerge`, which would do it otherwise, wants all of Perl.
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates,usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$folder/root.tar" >"$folder/said" 2>&1 \
    || { cat "$folder/said" >&2; exit 1; }
"$builder" import "$folder/root.tar" "$name" >/dev/null
echo "$name"
