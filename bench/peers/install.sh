#!/usr/bin/env bash
# Gets the systems that `npm run bench:peers` measures beside Causeway, on a Debian-like machine: apt downloads the packages
# from Debian testing and checks their signatures, dpkg unpacks them into the project's cache. Nothing is installed, no
# service is started, no list of the system is changed, and no privilege is needed. Without a `java` on PATH, ZooKeeper gets the
# one of this system's own release, which fits the libraries that are here.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
target="${CAUSEWAY_PEERS:-$root/.cache/peers}"
mirror="${CAUSEWAY_PEERS_MIRROR:-http://deb.debian.org/debian}"
suite="${CAUSEWAY_PEERS_SUITE:-testing}"

packages=(
  etcd-server
  nats-server
  # Redis is linked against newer libraries than this system may have: they come along, with the loader that goes with them.
  redis-server redis-tools
  libc6 libgcc-s1 libstdc++6 libatomic1 libssl3t64 libjemalloc2 libsystemd0 liblzf1 libzstd1 zlib1g libcap2
  # What a ZooKeeper server loads; all of it is Java.
  libzookeeper-java libslf4j-java libdropwizard-metrics-java libnetty-java libcommons-io-java libcommons-cli-java
  libsnappy-java
)

for program in apt-get dpkg; do
  command -v "$program" >/dev/null || { echo "this system has no $program: install the peers by hand" >&2; exit 1; }
done
mkdir -p "$target"
work="$(mktemp -d "$target/download-XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,archives}/partial "$work/packages" "$work/root"
echo "deb $mirror $suite main" >"$work/sources.list"
apt=(
  apt-get -q
  -o Dir::Cache="$work" -o Dir::Cache::Archives="$work/archives" -o Dir::State::Lists="$work/lists"
  -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts="$work/none"
  -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2
)

echo "downloading ${#packages[@]} packages of Debian $suite into $target"
"${apt[@]}" update >"$work/log" 2>&1 || { tail -n 3 "$work/log" >&2; exit 1; }
(cd "$work/packages" && "${apt[@]}" download "${packages[@]}") >"$work/log" 2>&1 || { tail -n 3 "$work/log" >&2; exit 1; }
for archive in "$work"/packages/*.deb; do dpkg -x "$archive" "$work/root"; done
rm -rf "$target/root" "$work/root/usr/share/"{doc,man,locale,lintian}
mv "$work/root" "$target/root"

if ! command -v java >/dev/null; then
  echo 'downloading a Java runtime for ZooKeeper'
  own=(apt-get -q -o Dir::Cache="$work" -o Dir::Cache::Archives="$work/archives" -o APT::Sandbox::User=root)
  jre="$(apt-cache depends default-jre-headless | sed -n 's/.*Depends: \(openjdk-[0-9]*-jre-headless\)$/\1/p' | head -n 1)"
  rm -rf "$work/packages" "$target/jre" && mkdir "$work/packages"
  (cd "$work/packages" && "${own[@]}" download "${jre:-default-jre-headless}") >"$work/log" 2>&1 || { tail -n 3 "$work/log" >&2; exit 1; }
  dpkg -x "$work"/packages/*.deb "$target/jre"
  # Its configuration is found by links that begin at the root of an installed system.
  find "$target/jre/usr/lib/jvm" -type l -lname '/etc/java-*' | while read -r link; do
    ln -sfn "$target/jre$(readlink "$link")" "$link"
  done
fi
echo "done: npm run bench:peers"
