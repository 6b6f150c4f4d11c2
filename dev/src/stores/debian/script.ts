/**
 * Shell script, run under a lock: FOLDER NAMES [options of apt-get]...
 *
 * Downloads into FOLDER/archives, unpacks beside and renames: an interrupted run leaves nothing that looks complete.
 * Package lists that are missing or too old are fetched into FOLDER/lists: those of the machine need root.
 */
export const installScript = `
set -eu
folder=$1 names=$2
shift 2
[ -e "$folder/root" ] && exit 0
fetch() {
  # Without apt's own locks, which need root; --reinstall: also those that the machine has.
  apt-get install --download-only --reinstall --no-install-recommends --assume-yes --quiet \\
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::Retries=3 -o APT::Status-Fd=1 \\
    -o "Dir::Cache::archives=$folder/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \\
    "$@" $names 2>"$folder/said"
}
if ! fetch "$@"; then
  mkdir -p "$folder/lists/partial"
  set -- "$@" -o "Dir::State::lists=$folder/lists"
  if ! apt-get update --quiet -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o APT::Status-Fd=1 \\
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@" 2>"$folder/said" || ! fetch "$@"; then
    cat "$folder/said" >&2
    exit 1
  fi
fi
echo unpacking
# Files of an earlier run that a newer version has replaced.
apt-get autoclean --quiet -o Debug::NoLocking=1 -o "Dir::Cache::archives=$folder/archives" "$@" >/dev/null 2>&1 || true
rm -rf "$folder/root.new"
mkdir "$folder/root.new"
for file in "$folder"/archives/*.deb; do dpkg-deb --extract "$file" "$folder/root.new"; done
# An unprivileged server must be able to read it, whatever the umask.
chmod -R a+rX "$folder/root.new"
mv "$folder/root.new" "$folder/root"
rm -rf "$folder"/archives "$folder/lists" "$folder/said"
`;
