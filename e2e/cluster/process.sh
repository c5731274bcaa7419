# Processes with PID files, and waiting for what they bring about; read after env.sh.
# shellcheck shell=bash

# start NAME COMMAND...: in the background, its output in $LOGS/NAME.log.
start() {
    local name=$1
    shift
    setsid "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
    echo $! >"$PIDS/$name"
}

# stop SECONDS NAME...: TERM to all at once, KILL to whoever is left after that time.
stop() {
    local end=$((SECONDS + $1)) running=() name pid
    shift
    for name in "$@"; do
        pid=$(cat "$PIDS/$name" 2>/dev/null) || continue
        kill "$pid" 2>/dev/null && running+=("$pid")
    done
    while [ ${#running[@]} -gt 0 ] && [ $SECONDS -lt $end ] && kill -0 "${running[@]}" 2>/dev/null; do sleep 0.1; done
    for pid in "${running[@]}"; do kill -KILL "$pid" 2>/dev/null; done
    return 0
}

# wait_for WHAT SECONDS COMMAND...: until the command succeeds; fails plainly, and at once when a process is gone.
wait_for() {
    local what=$1 end=$((SECONDS + $2)) pid
    shift 2
    until "$@" >/dev/null 2>&1; do
        for pid in "$PIDS"/*; do
            kill -0 "$(cat "$pid")" 2>/dev/null || fail "${pid##*/} has ended; its last words: $(tail -n 3 "$LOGS/${pid##*/}.log")"
        done
        [ $SECONDS -lt $end ] || fail "no $what after waiting; the logs are in $LOGS"
        sleep 0.2
    done
    printf '%4ss  %s\n' $SECONDS "$what" >&2
}
