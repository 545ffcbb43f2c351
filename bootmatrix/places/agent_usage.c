/* What a boot uses while it runs, as its agent sees it: the first part of the agent's source.
 *
 * All processes of a PID namespace but the first belong to the boot.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000LL /* microseconds */
#define BUDGET 100000LL /* microseconds that a look at all processes may take: a boot may have many, and large ones */

static long long microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/* The processor time of all our children that have ended, in microseconds. */
static long long of_the_ended(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SECOND + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* The processor time of a process and its ended children, in microseconds: fields 14 to 17 of proc_pid_stat(5). */
static long long cpu_of(const char *process)
{
    char path[64], text[1024], *end;
    unsigned long user = 0, kernel = 0;
    long ended_user = 0, ended_kernel = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", process);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = 0;
    if ((end = strrchr(text, ')'))) /* the name before it may hold anything */
        sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &user, &kernel, &ended_user,
               &ended_kernel);
    return (user + kernel + ended_user + ended_kernel) * (SECOND / sysconf(_SC_CLK_TCK));
}

/* The memory of a process in KiB: its proportional set, or if that is closed to us (then *proportional becomes 0) what is
   resident. The kernel lets only the same user, or one with more rights than we have, look at the first. */
static long memory_of(const char *process, uid_t uid, gid_t gid, int *proportional)
{
    char path[64], line[256];
    long kib = 0, pages = 0;
    snprintf(path, sizeof path, "/proc/%s/smaps_rollup", process);
    setfsgid(gid);
    setfsuid(uid);
    FILE *file = fopen(path, "re");
    int closed = !file && errno == EACCES;
    setfsuid(0);
    setfsgid(0);
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    if (!closed) /* one that is just ending has no memory any more */
        return kib;
    snprintf(path, sizeof path, "/proc/%s/statm", process);
    if (!(file = fopen(path, "re")))
        return 0;
    *proportional &= fscanf(file, "%*u %ld", &pages) != 1 || !pages;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Tells what the boot uses now; nothing if there is too much to look at, or if nobody reads it. */
static void tell_usage(int pipe, uid_t uid, gid_t gid, long long begun, long long before)
{
    long long now = microseconds(), cpu = of_the_ended() - before;
    long kib = 0;
    int proportional = 1;
    DIR *all = opendir("/proc");
    struct dirent *entry;
    while (all && (entry = readdir(all))) {
        if (!strspn(entry->d_name, "0123456789") || atoi(entry->d_name) == getpid())
            continue;
        cpu += cpu_of(entry->d_name);
        kib += memory_of(entry->d_name, uid, gid, &proportional);
        if (microseconds() - now > BUDGET)
            break;
    }
    int whole = all && !entry;
    if (all)
        closedir(all);
    if (whole)
        dprintf(pipe, "%lld %lld %ld %s\n", (now - begun) / 1000, cpu / 1000, kib, proportional ? "pss" : "rss");
}
