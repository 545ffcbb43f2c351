/* What time a boot had: when its container stood still, paused or stopped, or a box with all that is in it, so did its agent,
 * which then looks later than it meant to. A part of the agent's source.
 */
#define LATE (SECOND / 2) /* by which a look is later than on a busy host */

/* When the boot began, and its agent looked last, which then meant to wait so long; how long it stood still, until when. */
struct patience {
    long long begun, looked, meant, still, until;
};

/* The time, in microseconds. All since the last look counts where this one is late: the boot may have got nothing of it. */
static long long watch_time(struct patience *patience)
{
    long long now = microseconds();
    if (now - patience->looked > patience->meant + LATE) {
        patience->still += now - patience->looked;
        patience->until = now;
    }
    patience->looked = now;
    patience->meant = 0;
    return now;
}

/* How long to wait, if so much is `left` until something is due: never so long that to be late could not be told. */
static long long wait_for(struct patience *patience, long long left)
{
    return patience->meant = left < SECOND ? left : SECOND;
}

static void tell_time(int pipe, struct patience *patience)
{
    long long now = watch_time(patience);
    dprintf(pipe, "had %lld %lld\n", (now - patience->begun - patience->still) / 1000, (now - patience->until) / 1000);
}
