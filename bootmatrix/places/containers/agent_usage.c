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
#define LESS 1024 /* KiB by which neighbouring mappings together may differ from a guest's memory */
#define MORE 64
#define BUDGET 100000LL /* microseconds that a look at all processes may take: a boot may have many, and large ones */
#define REST 9 /* times as long as a look took, there is none after it: it is no boot's time, and may be before all others */

/* What is asked of the samples of a boot: one in so many microseconds, and the guest's memory, 0 if there is none. */
struct sampling {
    long long apart;
    long guest_kib;
};

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

/* Of the mappings of a process that may be a guest's memory: the one that is being read and its neighbours before it, and
   what is resident of one of just the wanted size, and of neighbours that together are about as large; -1 if there is
   none. See mappings.py, which does the same, for how tenders map it. */
struct search {
    long wanted, size, resident, exact, near;
    unsigned long first, end, file;
    long together;
    int mine;
};

static void end_of_mapping(struct search *guest)
{
    if (guest->mine && guest->size == guest->wanted && guest->resident > guest->exact)
        guest->exact = guest->resident;
    guest->together += guest->resident;
}

static void end_of_neighbours(struct search *guest)
{
    long size = (guest->end - guest->first) / 1024;
    if (size >= guest->wanted - LESS && size <= guest->wanted + MORE && guest->together > guest->near)
        guest->near = guest->together;
    guest->together = 0;
}

/* A line of /proc/PID/smaps that begins another mapping; 0 if it is none. */
static int next_mapping(struct search *guest, const char *line)
{
    unsigned long start, end, file;
    char rights[8];
    if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &start, &end, rights, &file) != 4)
        return 0;
    int mine = rights[0] == 'r' && (!file || strstr(line, " (deleted)\n"));
    end_of_mapping(guest);
    if (!guest->mine || !mine || start != guest->end || file != guest->file) {
        if (guest->mine)
            end_of_neighbours(guest);
        guest->first = start, guest->together = 0;
    }
    guest->end = end, guest->file = file, guest->mine = mine;
    guest->size = (end - start) / 1024, guest->resident = 0;
    return 1;
}

/* The proportional set in KiB, of smaps_rollup, or of all mappings in smaps, of those that can be read until then. */
static long read_mappings(FILE *file, struct search *guest, long long until)
{
    char line[5000]; /* as long as a path can be, and more */
    long kib = 0, some;
    while (microseconds() <= until && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %ld", &some) == 1)
            kib += some;
        else if (!next_mapping(guest, line))
            sscanf(line, "Rss: %ld", &guest->resident);
    end_of_mapping(guest);
    if (guest->mine)
        end_of_neighbours(guest);
    return kib;
}

/* The memory of a process in KiB: its proportional set, or if that is closed to us (then *proportional becomes 0) what is
   resident. The kernel lets only the same user, or one with more rights than we have, look at the first. What is resident
   of a guest that has so much is found, too. One that has more than can be looked at until then has any. */
static long memory_of(const char *process, uid_t uid, gid_t gid, int *proportional, struct search *guest, long long until)
{
    char path[64];
    long kib = 0, pages = 0;
    snprintf(path, sizeof path, "/proc/%s/%s", process, guest->wanted ? "smaps" : "smaps_rollup");
    setfsgid(gid);
    setfsuid(uid);
    FILE *file = fopen(path, "re");
    int closed = !file && errno == EACCES;
    setfsuid(0);
    setfsgid(0);
    if (file) {
        kib = read_mappings(file, guest, until);
        fclose(file);
    }
    if (!closed) /* one that is just ending has no memory any more */
        return kib;
    snprintf(path, sizeof path, "/proc/%s/statm", process);
    if (!(file = fopen(path, "re")))
        return 0;
    *proportional &= fscanf(file, "%*u %ld", &pages) != 1 || !pages;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Tells what the boot uses now; nothing if there is too much to look at, or if nobody reads it. How long that took. */
static long long tell_usage(int pipe, uid_t uid, gid_t gid, long long begun, long long before, long guest_kib)
{
    long long now = microseconds(), until = now + BUDGET, cpu = of_the_ended() - before;
    long kib = 0, found = -1;
    char told[32] = "-";
    int proportional = 1;
    DIR *all = opendir("/proc");
    struct dirent *entry;
    while (all && (entry = readdir(all))) {
        if (!strspn(entry->d_name, "0123456789") || atoi(entry->d_name) == getpid())
            continue;
        cpu += cpu_of(entry->d_name);
        struct search guest = {.wanted = guest_kib, .exact = -1, .near = -1};
        kib += memory_of(entry->d_name, uid, gid, &proportional, &guest, until);
        if (guest_kib && (guest.exact >= 0 ? guest.exact : guest.near) > found)
            found = guest.exact >= 0 ? guest.exact : guest.near;
        if (microseconds() > until)
            break;
    }
    int whole = all && !entry;
    if (all)
        closedir(all);
    if (found >= 0)
        snprintf(told, sizeof told, "%ld", found);
    if (whole)
        dprintf(pipe, "%lld %lld %ld %s %s\n", (now - begun) / 1000, cpu / 1000, kib, proportional ? "pss" : "rss",
                told);
    return microseconds() - now;
}
