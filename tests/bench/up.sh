#!/bin/bash
# up.sh BINARY FOLDER SMTP IMAP [DATABASE-URL]: a server for the load tools; prints its process id into FOLDER/pid when it is ready.
set -eu
here=$(dirname "$(readlink -f "$0")")
binary=$1 folder=$2 smtp=$3 imap=$4 database=${5:-}
mkdir -p "$folder"
"$here/manifests.sh" "$folder/manifests"
ulimit -n "$(ulimit -Hn)"
"$binary" serve --manifests "$folder/manifests" --data "$folder/data" ${database:+--database "$database"} \
    --listen "mx=127.0.0.1:$smtp" --listen "imap=127.0.0.1:$imap" --listen submission=off --listen submissions=off \
    --listen imaps=off --listen web=off --listen webs=off --listen "health=127.0.0.1:$((smtp + 1000))" > "$folder/log" 2>&1 < /dev/null &
echo $! > "$folder/pid"
for _ in $(seq 600); do
    curl -sf "http://127.0.0.1:$((smtp + 1000))/readyz" > /dev/null && exit 0
    kill -0 "$(cat "$folder/pid")" 2> /dev/null || break
    sleep 0.1
done
tail -5 "$folder/log" >&2
exit 1
