# The first process of a container for one job: runs the script `job` of the folder $1 when it is told to, and tells how
# that ended: "ended STATUS nothing", or "memory" if the kernel ended it for lack of memory. Before that comes the shell's
# own word ("Aborted") if a signal ended it, which tells it from an exit with the same status.

box=$1
exec 3>"$box/status" <"$box/commands" 2>&3
echo ready >&3
read -r job || exit
. "$box/$job"
status=$? left=nothing
if [ "$status" = 137 ]; then
    for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
        [ -r "$file" ] || continue
        while read -r name count; do
            [ "$name" = oom_kill ] && [ "$count" -gt 0 ] && left=memory
        done <"$file"
    done
fi
echo "ended $status $left" >&3
read -r end
