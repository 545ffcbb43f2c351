# Guards what runs on a host for one connection: ends what is to be ended, and all of it when the connection is lost.
# Given: root, token, silence (seconds), programs.

end_job() {
    [ -f "$root/jobs/$1/group" ] && read -r group <"$root/jobs/$1/group" && kill -s KILL -- "-$group" 2>/dev/null
    end_marked "$1"
    removed "$root/jobs/$1"
}

end_all() { # who begins now sees that there is no guard any more
    rm -f "$root/guard"
    for each in "$root"/jobs/*; do
        [ -d "$each" ] && end_job "${each##*/}"
    done
    removed "$root"
}

booted() { # changes when the host boots: a process of before is another one now
    cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime 2>/dev/null
}

sweep() { # what connections have left that ended with their host, and what an earlier one of ours still has
    for each in "${root%/*}"/bootmatrix-*; do
        [ -f "$each/guard" ] && [ ! -h "$each" ] || continue
        { read -r guard && read -r boot; } <"$each/guard"
        if [ "$boot" != "$(booted)" ] || ! kill -s 0 "$guard" 2>/dev/null; then
            removed "$each"
        elif [ "$each" = "$root" ]; then
            kill -s KILL -- "-$guard"
            end_all
        fi
    done
}

watch() { # nothing was heard for so long: a connection may be lost without a word
    while sleep "$silence"; do
        [ -e "$root/quiet" ] && break
        : >"$root/quiet"
    done
    end_all
    kill -s KILL 0
}

leads() { # whether this session has a process group of its own
    if [ -r "/proc/$$/stat" ]; then
        group=$(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 3)
    else
        group=$(ps -o pgid= -p "$$" | tr -d ' ')
    fi
    [ "$group" = "$$" ]
}

umask 077
leads || { echo "its server gives a session no process group of its own" >&2 && exit 125; }
sweep
mkdir "$root" "$root/jobs" "$root/m" && printf '%s\n%s\n' "$$" "$(booted)" >"$root/guard" || exit 125
survey
printf '%s ready\n' "$token"
watch </dev/null >/dev/null 2>&1 &
while IFS=' ' read -r word what; do
    case $word in
    alive) rm -f "$root/quiet" ;;
    end)
        [ ! -d "$root/jobs/$what" ] || end_job "$what"
        printf '%s done %s\n' "$token" "$what"
        ;;
    remove) removed "$root/m/$what" ;;
    leave) break ;;
    esac
done
end_all
kill -s KILL 0
