# The first process of a container for one job: runs the script `job` of the folder $1 when it is told to, and ends with
# its status, which the engine tells: a job could forge whatever else there is in here. To `status` goes `ready`; then the
# shell's own word ("Aborted") if a signal ended the job, which tells it from an exit with the same status; then `ended`.

box=$1
exec 3>"$box/status" <"$box/commands" 2>&3
echo ready >&3
read -r job || exit
. "$box/$job"
status=$?
echo ended >&3
exit "$status"
