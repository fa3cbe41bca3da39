# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # log_dir is set by ./dev
# What ./dev says while it works: numbered steps with the time they take, and errors that tell
# what, why and what to do. Sourced by ./dev.

step_count=0
step_total=0
# How many steps the command that starts now will report.
plan() {
    step_total=$1
    step_count=0
}

say() {
    printf '%s\n' "$*" >&2
}

# die WHAT [WHY-OR-WHAT-TO-DO...]: one line each.
die() {
    say "./dev: $1"
    shift
    local line
    for line in "$@"; do
        say "    $line"
    done
    exit 1
}

# ticker LABEL LOG START: until it is killed, shows how long a step has taken and the last line it
# wrote: every second on a terminal, every half minute elsewhere, so that CI logs show life too.
ticker() {
    local label=$1 log=$2 start=$3 last width
    while kill -0 $$ 2>/dev/null; do
        # A sleep that outlives us must not keep the reader of our output waiting.
        if [ -t 2 ]; then
            sleep 1 >/dev/null 2>&1
        else
            sleep 30 >/dev/null 2>&1
        fi
        last=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | grep -v '^[[:space:]]*$' |
            tail -n 1) || true
        if [ -t 2 ]; then
            width=$(tput cols 2>/dev/null || echo 80)
            printf '\r\033[K%.*s' "$((width - 1))" "$label: $((SECONDS - start)) s  $last" >&2
        else
            printf '%s: %s s  %.100s\n' "$label" "$((SECONDS - start))" "$last" >&2
        fi
    done
}

ticker_pid=
stop_ticker() {
    [ -n "$ticker_pid" ] || return 0
    kill "$ticker_pid" 2>/dev/null || true
    wait "$ticker_pid" 2>/dev/null || true
    ticker_pid=
    if [ -t 2 ]; then
        printf '\r\033[K' >&2
    fi
}

# step LABEL CMD...: runs CMD (a program or a function) with its output in a log, and shows how it
# goes. Ends ./dev with the end of the log when CMD fails. Not for use inside a condition: errexit
# would be off in CMD.
step() {
    local text=$1 label log status start=$SECONDS
    shift
    step_count=$((step_count + 1))
    label="[$step_count/$step_total] $text"
    mkdir -p "$log_dir"
    log=$log_dir/$(printf '%s' "$text" | tr -cs 'A-Za-z0-9' '-').log
    : >"$log"
    say "$label ..."
    ticker "$label" "$log" "$start" &
    ticker_pid=$!
    set +e
    (
        set -e
        "$@"
    ) >"$log" 2>&1 </dev/null
    status=$?
    set -e
    stop_ticker
    if [ "$status" -ne 0 ]; then
        [ "$status" -ne 130 ] || exit 130 # Ctrl-C
        tail -n 40 "$log" >&2
        die "$text failed after $((SECONDS - start)) s (status $status)" "whole log: $log"
    fi
    say "$label: done in $((SECONDS - start)) s"
}

# A step that found its result ready.
step_ready() {
    step_count=$((step_count + 1))
    say "[$step_count/$step_total] $1: ready"
}

# step_shown LABEL CMD...: as step, but CMD talks to the user itself, and its failure is returned.
step_shown() {
    local text=$1
    shift
    step_count=$((step_count + 1))
    say "[$step_count/$step_total] $text"
    "$@"
}
