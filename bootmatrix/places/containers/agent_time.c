/* What time a boot had: when its container stood still, paused or stopped, or a box with all that is in it, so did its agent,
 * which then looks later than it meant to. A part of the agent's source.
 */
#include <fcntl.h>

#define LATE (SECOND / 2) /* by which a look is later than on a busy host */

/* When the boot began, and its agent looked last, which then meant to wait so long; how long it was late, until when; and how
 * long it had waited for a processor before.
 */
struct patience {
    long long begun, looked, meant, late, until, waited;
};

/* How long this thread has waited for a processor in its life, 0 where the kernel does not tell: the second word of
 * /proc/PID/schedstat, in nanoseconds (Linux, Documentation/scheduler/sched-stats.rst).
 */
static long long waited(void)
{
    static int file = -1;
    char text[128];
    long long waited = 0;
    if (file < 0)
        file = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = 0;
    sscanf(text, "%*u %lld", &waited);
    return waited / 1000;
}

static struct patience patience_since(long long begun)
{
    return (struct patience){.begun = begun, .looked = begun, .until = begun, .waited = waited()};
}

/* The time, in microseconds. All since the last look counts where this one is late: the boot may have got nothing of it. */
static long long watch_time(struct patience *patience)
{
    long long now = microseconds();
    if (now - patience->looked > patience->meant + LATE) {
        patience->late += now - patience->looked;
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

/* What kept only its agent from a processor was no standstill: else a boot of many processes would have what time it likes. */
static void tell_time(int pipe, struct patience *patience)
{
    long long now = watch_time(patience), still = patience->late - (waited() - patience->waited);
    still = still > 0 ? still : 0;
    dprintf(pipe, "had %lld %lld\n", (now - patience->begun - still) / 1000, (now - patience->until) / 1000);
}
