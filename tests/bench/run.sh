#!/bin/bash
# run.sh TOOLS BINARY OUT [ROUNDS]: Postern on both databases beside Postfix + Dovecot, interleaved round by round.
#
# TOOLS is the folder of load tools: mailbench, smtp-suite.sh, agg.py, and the scripts that bring up the peers
# (dovecot-up.sh, postfix-up.sh, pg-up.sh). Everything listens on loopback and is taken down at the end.
# Each line of OUT/*.jsonl is one measurement; OUT/table.md and OUT/imap/table.md are what BENCHMARKS.md quotes.
# IMAP=no leaves the large folder and the mixed load out; MESSAGES is the folder's size, CLIENTS the mixed loads.
set -eu
here=$(dirname "$(readlink -f "$0")")
tools=$(readlink -f "$1") binary=$(readlink -f "$2")
mkdir -p "$3"
out=$(readlink -f "$3") rounds=${4:-3}
export PEERS=${PEERS_DATA:-$(mktemp -d /tmp/postern-bench.XXXX)}
mb=$PEERS/build/mb mix=$(dirname "$binary")/examples/imap-mix

stop() { [ -s "$1" ] && kill "$(cat "$1")" 2> /dev/null || true; }
down() {
    stop "$out/sqlite/pid"; stop "$out/postgres/pid"
    for peer in postfix dovecot pg; do "$tools/$peer-down.sh" > /dev/null 2>&1 || true; done
}
trap down EXIT

"$tools/dovecot-up.sh" 1143 1024 > /dev/null 2>&1
"$tools/postfix-up.sh" 1025 127.0.0.1:1024 1587 127.0.0.1:2526 > /dev/null 2>&1
"$tools/pg-up.sh" 5544 > /dev/null
psql -qh 127.0.0.1 -p 5544 -U postgres -c 'drop database if exists postern' -c 'create database postern'
rm -rf "$out/sqlite" "$out/postgres"
"$here/up.sh" "$binary" "$out/sqlite" 3525 3143
"$here/up.sh" "$binary" "$out/postgres" 5525 5143 postgres://postgres@127.0.0.1:5544/postern
(cd "$tools/mailbench" && mkdir -p "$PEERS/build" && go build -o "$mb" .)

# The database's own CPU counts: its process is named beside ours.
cat > "$out/targets" <<T
postfix+dovecot 127.0.0.1:1025 127.0.0.1:1143 u%d@bench.test pw rc@bench.test smtp $PEERS/postfix/queue/pid/master.pid,$PEERS/dovecot/run/master.pid
postern-sqlite 127.0.0.1:3525 127.0.0.1:3143 u%d@bench.test pw rc@bench.test smtp $out/sqlite/pid
postern-postgres 127.0.0.1:5525 127.0.0.1:5143 u%d@bench.test pw rc@bench.test smtp $out/postgres/pid,$PEERS/pg/pid
T

scenarios=${SCENARIOS:-"4096:1:1:1:1000 4096:10:10:1:3000 4096:50:50:1:6000 102400:1:1:1:300 102400:10:10:1:1000 102400:50:50:1:1500 4096:10:10:10:300"}
rm -f "$out"/*.jsonl
# shellcheck disable=SC2086 # a list of words
"$tools/smtp-suite.sh" "$out/targets" "$out/smtp.jsonl" "$rounds" $scenarios

pids() { tr -d ' \n' < "$1"; }
for _ in $(seq "$rounds"); do
    "$mb" relay -target postfix+dovecot -smtp 127.0.0.1:1587 -imap 127.0.0.1:2526 -sessions 10 -n 2000 -size 4096 -reps 1 \
        -pids "$(pids "$PEERS/postfix/queue/pid/master.pid")" < /dev/null >> "$out/relay.jsonl" 2>> "$out/relay.err" || true
    "$mb" relay -target postern-sqlite -smtp 127.0.0.1:3525 -imap 127.0.0.1:2526 -sessions 10 -n 5000 -size 4096 -reps 1 \
        -pids "$(pids "$out/sqlite/pid")" < /dev/null >> "$out/relay.jsonl" 2>> "$out/relay.err" || true
    "$mb" relay -target postern-postgres -smtp 127.0.0.1:5525 -imap 127.0.0.1:2526 -sessions 10 -n 5000 -size 4096 -reps 1 \
        -pids "$(pids "$out/postgres/pid"),$(pids "$PEERS/pg/pid")" < /dev/null >> "$out/relay.jsonl" 2>> "$out/relay.err" || true
done

while read -r name smtp imap users password _ _ pid; do
    "$mb" idle -target "$name" -imap "$imap" -smtp "$smtp" -userpat "$users" -pass "$password" -user 1 -n 40 < /dev/null >> "$out/idle.jsonl" 2>> "$out/idle.err" || true
    "$mb" conns -target "$name" -imap "$imap" -userpat "$users" -pass "$password" -n "${CONNECTIONS:-2000}" -boxes 50 -pids "$(pids "${pid%%,*}")" \
        < /dev/null >> "$out/conns.jsonl" 2>> "$out/conns.err" || true
done < "$out/targets"

python3 "$tools/agg.py" "$out"/*.jsonl | tee "$out/table.md"

# IMAP: one folder of many messages, command by command; then many clients at once on small folders.
[ "${IMAP:-yes}" = no ] && exit 0
mkdir -p "$out/imap"
rm -f "$out/imap"/*
while read -r name _ imap users password _ _ pid; do
    "$mb" load -target "$name" -imap "$imap" -userpat "$users" -pass "$password" -user 1 -mailbox Big -n "${MESSAGES:-100000}" -multi 200 \
        < /dev/null >> "$out/imap/load.jsonl" 2>> "$out/imap/err" || true
done < "$out/targets"
for _ in $(seq "$rounds"); do
    while read -r name _ imap users password _ _ pid; do
        timeout 900 "$mb" lat -target "$name" -imap "$imap" -userpat "$users" -pass "$password" -user 1 -mailbox Big -reps 3 \
            < /dev/null >> "$out/imap/lat.jsonl" 2>> "$out/imap/err" || true
        roots=
        for file in ${pid//,/ }; do roots=${roots:+$roots,}$(pids "$file"); done
        for clients in ${CLIENTS:-50 200}; do
            printf '{"target": "%s", "mix": ' "$name"
            "$mix" "$imap" "$users" "$password" "$clients" 50 "${SECONDS_OF_MIX:-60}" "$roots" < /dev/null 2>> "$out/imap/err" || echo null
            echo '}'
        done >> "$out/imap/mix.json"
    done < "$out/targets"
done
python3 "$here/imap-table.py" "$out/imap" | tee "$out/imap/table.md"
