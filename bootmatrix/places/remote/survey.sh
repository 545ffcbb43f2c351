# What a host over SSH is: a line for each thing, `TOKEN KEY VALUE`.

told() { printf '%s %s %s\n' "$token" "$1" "$2"; }

first() { # of these values of sysctl, the first that there is
    for each in "$@"; do
        sysctl -n "$each" 2>/dev/null && return
    done
}

memory() { # bytes that programs can have
    if [ -r /proc/meminfo ]; then
        awk '/^MemAvailable:/ { printf "%d\n", $2 * 1024 }' /proc/meminfo
    else
        first hw.usermem64 hw.usermem hw.memsize hw.physmem64 hw.physmem
    fi
}

awk_tells() { # whether awk tells a process that was killed from one that ended with the status of that
    killed=$(awk 'BEGIN { print system("kill -s KILL $$") }' 2>/dev/null)
    ended=$(awk 'BEGIN { print system("exit 137") }' 2>/dev/null)
    [ "$ended" = 137 ] && { [ "$killed" = 265 ] || [ "$killed" = 521 ]; }
}

survey() {
    told system "$(uname -a)"
    told machine "$(uname -m)"
    told name "$(uname -n)"
    told os "$(uname -s) $(uname -r)"
    told boot "$(booted)"
    told cores "$(getconf NPROCESSORS_ONLN 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || first hw.ncpuonline hw.ncpu)"
    told memory "$(memory)"
    told path "$PATH"
    told model "$(first hw.model || sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
    [ ! -e /dev/kvm ] || told kvm "$([ -r /dev/kvm ] && [ -w /dev/kvm ] && echo usable || echo closed)"
    ! awk_tells || told telling awk
    for flavour in gnutar gnu; do # long names, no holes: which each of the two calls otherwise
        tar "--format=$flavour" -cf /dev/null -C "$root" jobs 2>/dev/null && told tar "--format=$flavour" && break
    done
    for program in $programs; do
        file=$(command -v "$program") || continue
        told program "$program $file $("$file" --version </dev/null 2>&1 | head -n 1)"
    done
}
