#!/bin/sh
# Build kube-apiserver of Debian's source package, and install etcd, for test_api_server.py: no registry of packages has the
# binary. Wants Debian 12, root, and ten minutes of one core; leaves build/kube-apiserver. Or: make apiserver
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
[ ! -x "$root/build/kube-apiserver" ] || exit 0
sources=/etc/apt/sources.list.d/edgescript-api-server.sources
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$sources"' EXIT

sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$sources"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=900 --no-install-recommends \
    dpkg-dev etcd-server golang-github-modern-go-reflect2-dev golang-go jq rsync >/dev/null
cd "$folder"
apt-get source -qq --download-only kubernetes
tar xzf kubernetes_*.orig.tar.gz
cd kubernetes-*/
# The reflect2 that comes with it ends in a fault when built by Go 1.18 or newer.
rm vendor/github.com/modern-go/reflect2/*.go vendor/github.com/modern-go/reflect2/*.s
cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.go /usr/share/gocode/src/github.com/modern-go/reflect2/*.s \
    vendor/github.com/modern-go/reflect2/
mkdir -p .go/src/k8s.io
ln -sfn ../../.. .go/src/k8s.io/kubernetes
GOPATH=$PWD/.go CGO_ENABLED=0 nice -n 10 make WHAT=cmd/kube-apiserver GOLDFLAGS="-s -w" >&2
mkdir -p "$root/build"
mv _output/bin/kube-apiserver "$root/build/kube-apiserver"
