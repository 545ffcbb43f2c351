# Runs one job on a host over SSH and says how it ended. sshd has made us the leader of a session and a process group.
# Given: root, mark, token, telling (whether awk tells a signal from a status), work (the job, as commands).

umask 022
here=$root/jobs/$mark
cd "$root/jobs" && { [ -d "$mark" ] || mkdir "$mark"; } && cd "$mark" && mkdir tmp || exit 125
printf '%s\n' "$$" >group && [ -e "$root/guard" ] || exit 125 # without its guard, nobody would end it

printf '%s begun\n' "$token" >&2
if [ "$telling" = awk ]; then
    exec 4>&1
    status=$(
        BOOTMATRIX_WORK=$work awk 'BEGIN {
            status = system(ENVIRON["BOOTMATRIX_WORK"])
            print status | "cat >&3"
            close("cat >&3")
        }' 3>&1 >&4 4>&-
    )
else
    sh -c "$work"
    status=$?
fi
printf '%s ended %s\n' "$token" "$status" >&2
end_marked "$mark"
cd / && removed "$here"
kill -s KILL 0 # what has left its environment behind is still of our group
