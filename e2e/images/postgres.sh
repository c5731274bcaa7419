#!/usr/bin/env bash
# Makes an image of PostgreSQL out of Debian's packages, which are unpacked and not installed: its programs, the libraries
# that ldd names, a shell, one locale and the time zones.
set -euo pipefail
. "$(dirname "$0")/../cluster/env.sh"
VERSION=15
OUT=$IMAGES/postgres.tar
[ "$OUT" -nt "${BASH_SOURCE[0]}" ] && exit 0

echo "image postgres" >&2
work=$E2E/postgres
rm -rf "$work" && mkdir -p "$work"/{packages,root/{bin,etc,lib64,usr/lib/locale,usr/share}}
root=$work/root libraries=$work/root/usr/lib/x86_64-linux-gnu
(cd "$work/packages" && apt-get download -qq -o APT::Sandbox::User=root postgresql-$VERSION postgresql-client-$VERSION libpq5)
for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$root"; done
# No documentation, and no just-in-time compiler: LLVM is larger than all the rest.
rm -rf "$root"/usr/share/{doc,man,locale,lintian,postgresql-common} "$root/usr/lib/postgresql/$VERSION/lib"/{bitcode,llvmjit.so}

find "$root/usr/lib/postgresql/$VERSION" -type f \( -path '*/bin/*' -o -name '*.so' \) |
    while read -r program; do LD_LIBRARY_PATH=$libraries ldd "$program" 2>/dev/null || true; done |
    awk '$3 ~ /^\// { print $3 }' | sort -u | grep -v "^$work" | while read -r library; do cp --dereference --no-clobber "$library" "$libraries/"; done
cp --dereference /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
mkdir -p "$root/lib" && ln -s ../usr/lib/x86_64-linux-gnu "$root/lib/x86_64-linux-gnu"
cp -r /usr/lib/locale/C.utf8 "$root/usr/lib/locale/"
cp -r /usr/share/zoneinfo "$root/usr/share/"
cp /bin/busybox "$root/bin/"
for applet in $(/bin/busybox --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
echo 'postgres:x:70:70::/data:/bin/sh' >"$root/etc/passwd"
echo 'postgres:x:70:' >"$root/etc/group"
cat >"$root/start.sh" <<'S'
#!/bin/sh
# Makes the database at the first start, with the role, password and name that the environment tells, and serves it.
set -eu
umask 077
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf %s "$POSTGRES_PASSWORD" >/tmp/password
    initdb -D "$PGDATA" -U postgres --pwfile=/tmp/password -A scram-sha-256 --locale=C.UTF-8 -E UTF8
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp -c jit=off "$@"
S
chmod 755 "$root/start.sh"
"$HERE/../images/image.py" "$OUT.new" "${IMAGE_PREFIX}postgres:1" --entrypoint /start.sh --user 70:70 \
    --env PGDATA=/data/pg --env "PATH=/usr/lib/postgresql/$VERSION/bin:/bin" --env LANG=C.UTF-8 \
    --dir data:1777 --dir tmp:1777 --add "$root:/"
mv "$OUT.new" "$OUT"
rm -rf "$work"
