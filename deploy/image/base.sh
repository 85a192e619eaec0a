#!/bin/sh
# Make a base image of Debian packages, for where no registry of images can be reached: `deploy/image/base.sh [NAME]`.
#
# Wants mmdebstrap, and docker or podman (or BUILDER, one of them); about half a minute and 200 MB. Then: make image BASE=NAME
set -eu
name=${1:-localhost/base-python:bookworm}
command -v mmdebstrap >/dev/null 2>&1 || { echo "base.sh: want mmdebstrap" >&2; exit 2; }
importer=${BUILDER:-}
for candidate in docker podman; do
    [ -z "$importer" ] && command -v "$candidate" >/dev/null 2>&1 && "$candidate" info >/dev/null 2>&1 && importer=$candidate
done
[ -n "$importer" ] || { echo "base.sh: want docker or podman" >&2; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$folder/root.tar"
"$importer" import "$folder/root.tar" "$name" >/dev/null
echo "$name"
