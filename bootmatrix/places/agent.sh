# The first process of a container: runs the jobs whose numbers it reads, one after the other, and tells how each ended.
#
# $1  the folder with the pipes (commands, status, console, tender) and the jobs, each a script that runs one command
# $2  "kept" if more than one job will come. Then each runs without a right in a session of its own, and afterwards
#     nothing of it may be left: no process, no file. Without setsid and setpriv (util-linux) that cannot be: "plain".
#
# Says "ready", and for each job "NUMBER STATUS LEFT": what it left behind that could not be removed, or "nothing";
# "memory" if the kernel ended it for lack of memory. Before that comes the shell's own word ("Aborted") if a signal
# ended the job, which tells it from an exit with the same status, and which the job cannot write.

box=$1
exec 3>"$box/status" <"$box/commands" 2>&3

# Looked for once, not at each boot
setsid=$(command -v setsid) setpriv=$(command -v setpriv)
if [ "$2" = kept ] && ! "$setsid" "$setpriv" --reuid=65534 --clear-groups true 2>/dev/null; then
    echo plain >&3
    exit
fi
echo ready >&3

emptied() {
    for file in /tmp/* /tmp/.[!.]* /tmp/..?*; do
        if [ -e "$file" ] || [ -L "$file" ]; then
            rm -rf -- "$file" 2>/dev/null || return 1
        fi
    done
}

ran_out_of_memory() {
    for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
        [ -r "$file" ] || continue
        while read -r name count; do
            [ "$name" = oom_kill ] && [ "$count" -gt 0 ] && return 0
        done <"$file"
    done
    return 1
}

while read -r job; do
    . "$box/$job"
    status=$? left=nothing
    if [ "$2" = kept ]; then
        if kill -s KILL -- -1 2>/dev/null; then
            left=processes
        elif ! emptied; then
            left=files
        fi
    fi
    [ "$status" = 137 ] && ran_out_of_memory && left=memory
    echo "$job $status $left" >&3
done
