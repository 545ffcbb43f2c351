/* The first process of a container that is kept: runs the boots that it is told, one after the other, each as a user
 * without a right and in a session of its own, and sees to it that nothing of one is left for the next.
 *
 * agent BOX UID GID [GROUP]
 *
 * BOX has the pipes. `commands` brings `NUMBER LENGTH READS MS KIB\n` and LENGTH bytes of words, each ended by a NUL (READS
 * is 1 if the boot reads `input`, else 0: it reads nothing; MS are the milliseconds between samples of its usage, KIB the
 * memory of its guest, 0 if it has none); or, while a boot runs, `kill 0\n`, which ends it, or `time 0\n`, which asks what
 * time it had. To `status` goes `ready`, and for each boot `NUMBER exit|signal VALUE LEFT KIB US`: LEFT
 * is what it left behind that cannot be removed, `nothing`, or `memory` if the kernel ended it for lack of memory; KIB the
 * peak of its resident memory, US the microseconds that it took. Its output goes to `console` and `tender`. To `usage` goes
 * a line for each sample, `MS CPU KIB pss|rss GUEST`: the milliseconds since it began and of processor time that it had, its
 * memory now, and that of its guest in KiB, or `-`; and for who asks, `had MS AGO`: how long the boot has run, without what
 * it stood still with all of us, and when that ended last, or the boot began, both in milliseconds. When nobody speaks to it any more, it ends, and the container with it. If BOX has a socket `wire`, it serves
 * that, too, whether a boot runs or none; see agent_net.c.
 *
 * It is root, with few rights and without a way to more, since only so can it give up all of them for each boot. A boot
 * can neither signal it (the first process of a PID namespace is out of reach) nor trace it (it is another user).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCRATCH "/tmp"
#define LAST_CAPABILITY 63

static const char *box;
static uid_t uid;
static gid_t gid, groups[1];
static int group_count, status_pipe, usage_pipe, wire = -1;
static FILE *commands;
static sigset_t children;

static void die(const char *what)
{
    dprintf(status_pipe ? status_pipe : 2, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static int opened(const char *name, int flags)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", box, name);
    int found = open(path, flags | O_CLOEXEC);
    if (found < 0)
        die(path);
    return found;
}

/* In a box the agent is spared when memory runs out. What it starts is not; nor can that be spared more than its container. */
static void be_as_others(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0 && write(file, "0", 1) < 0)
        errno = 0;
    if (file >= 0)
        close(file);
}

/* Becomes the boot; never returns. */
static void become(char **words, int reads)
{
    int input = reads ? opened("input", O_RDONLY) : open("/dev/null", O_RDONLY | O_CLOEXEC);
    int console = opened("console", O_WRONLY), tender = opened("tender", O_WRONLY);
    dup2(input, 0);
    dup2(console, 1);
    dup2(tender, 2);
    sigprocmask(SIG_UNBLOCK, &children, NULL);
    be_as_others();
    setsid();
    for (int capability = 0; capability <= LAST_CAPABILITY; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (setgroups(group_count, groups) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid) || !setuid(0)) {
        dprintf(2, "its rights cannot be given up: %s\n", strerror(errno));
        _exit(126);
    }
    execvp(words[0], words);
    dprintf(2, "%s: %s\n", words[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* Ends all processes but this one, and waits until they are gone. */
static void end_all(void)
{
    do
        kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

static int is_empty(const char *folder)
{
    DIR *all = opendir(folder);
    struct dirent *entry;
    int empty = 1;
    while (all && empty && (entry = readdir(all)))
        empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
    if (all)
        closedir(all);
    return empty;
}

/* Whether anything is mounted below the scratch folder: the fifth field of proc_pid_mountinfo(5). */
static int is_shared(void)
{
    char *line = NULL, place[4097];
    size_t size = 0;
    int shared = 0;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    if (!mounts)
        die("/proc/self/mountinfo");
    while (getline(&line, &size, mounts) > 0)
        if (sscanf(line, "%*s %*s %*s %*s %4096s", place) == 1)
            shared |= !strncmp(place, SCRATCH "/", strlen(SCRATCH "/"));
    fclose(mounts);
    free(line);
    return shared;
}

/* Whether nothing is left in the scratch folder. Only what is on its own file system is removed, and no link followed. */
static int emptied(void)
{
    if (is_empty(SCRATCH))
        return 1;
    pid_t child = fork();
    if (!child) {
        sigprocmask(SIG_UNBLOCK, &children, NULL);
        execlp("find", "find", SCRATCH, "-xdev", "-mindepth", "1", "-delete", (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    return is_empty(SCRATCH);
}

/* How many processes were ended for lack of memory, by the count of this control group, of either version. */
static long out_of_memory(void)
{
    const char *files[] = {"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"};
    char line[256];
    long count = 0;
    for (int index = 0; index < 2 && !count; index++) {
        FILE *file = fopen(files[index], "re");
        while (file && fgets(line, sizeof line, file))
            if (sscanf(line, "oom_kill %ld", &count) == 1)
                break;
        if (file)
            fclose(file);
    }
    return count;
}

/* Waits for the boot, or for the word to end it; its wait status and what it used. Other children are its orphans. */
static int await(pid_t boot, int ends, long long begun, struct sampling wanted, struct rusage *used)
{
    struct patience patience = patience_since(begun);
    long long next = begun + wanted.apart, before = of_the_ended();
    struct pollfd events[] = {{ends, POLLIN, 0}, {fileno(commands), POLLIN, 0}, {wire, POLLIN, 0}};
    struct signalfd_siginfo told;
    char word[64];
    int how;
    for (;;) {
        pid_t ended;
        while ((ended = wait4(-1, &how, WNOHANG, used)) > 0)
            if (ended == boot)
                return how;
        long long left = next - watch_time(&patience);
        if (left <= 0) {
            long long took = tell_usage(usage_pipe, uid, gid, begun, before, wanted.guest_kib);
            next = microseconds() + (wanted.apart > REST * took ? wanted.apart : REST * took);
            continue;
        }
        if (!poll(events, 3, wait_for(&patience, left) / 1000 + 1))
            continue;
        if (events[0].revents && read(ends, &told, sizeof told) < 0 && errno != EAGAIN)
            die("signals");
        if (events[1].revents) {
            if (!fgets(word, sizeof word, commands))
                exit(0); /* nobody is there any more: with us all of the container ends */
            if (*word == 't')
                tell_time(usage_pipe, &patience);
            else
                kill(-1, SIGKILL);
        }
        if (events[2].revents)
            events[2].fd = wire = serve(wire, uid);
    }
}

static void run(long number, char **words, int reads, struct sampling wanted, int ends)
{
    long ended = out_of_memory();
    long long begun = microseconds();
    pid_t boot = fork();
    if (boot < 0)
        die("fork");
    if (!boot)
        become(words, reads);
    struct rusage used;
    int how = await(boot, ends, begun, wanted, &used);
    long long took = microseconds() - begun;
    end_all();
    int held = wire < 0 && has_sockets(); /* with a wire, who is at its other end ends them, and asks then */
    const char *left = !emptied() ? "files" : held ? "sockets" : "nothing";
    if (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL && out_of_memory() > ended)
        left = "memory";
    dprintf(status_pipe, "%ld %s %d %s %ld %lld\n", number, WIFSIGNALED(how) ? "signal" : "exit",
            WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how), left, used.ru_maxrss, took);
}

/* Reads one boot's words and runs it. */
static void take(long number, size_t length, int reads, struct sampling wanted, int ends)
{
    char *text = malloc(length + 1);
    size_t count = 0, word = 0;
    if (!text || fread(text, 1, length, commands) < length)
        exit(0);
    for (size_t at = 0; at < length; at++)
        count += !text[at];
    char **words = calloc(count + 1, sizeof *words);
    if (!words || !count)
        die("a boot without words");
    for (size_t at = 0; word < count; at += strlen(text + at) + 1)
        words[word++] = text + at;
    run(number, words, reads, wanted, ends);
    free(words);
    free(text);
}

/* Waits for a line of `commands` between boots; none if nobody is there any more. */
static char *next_line(char *line, int size)
{
    struct pollfd events[] = {{fileno(commands), POLLIN, 0}, {wire, POLLIN, 0}};
    while (poll(events, 2, -1) >= 0 && !events[0].revents)
        if (events[1].revents)
            events[1].fd = wire = serve(wire, uid);
    return fgets(line, size, commands);
}

int main(int argc, char **argv)
{
    char line[128];
    long number, milliseconds;
    size_t length;
    int reads;
    struct sampling wanted;
    if (argc < 4)
        return 2;
    box = argv[1], uid = atoi(argv[2]), gid = atoi(argv[3]);
    if (argc > 4)
        groups[group_count++] = atoi(argv[4]);
    status_pipe = opened("status", O_WRONLY);
    usage_pipe = opened("usage", O_WRONLY | O_NONBLOCK);
    commands = fdopen(opened("commands", O_RDONLY), "r");
    setvbuf(commands, NULL, _IONBF, 0); /* so that poll() sees all that was not taken */
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    int ends = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ends < 0)
        die("signalfd");
    if (is_shared() || !is_empty(SCRATCH)) { /* something of the host's: it is not ours to empty */
        dprintf(status_pipe, "%s is not a scratch folder of this container's own\n", SCRATCH);
        return 1;
    }
    wire = wired(box);
    dprintf(status_pipe, "ready\n");
    while (next_line(line, sizeof line))
        if (sscanf(line, "%ld %zu %d %ld %ld", &number, &length, &reads, &milliseconds, &wanted.guest_kib) == 5) {
            wanted.apart = milliseconds * (SECOND / 1000);
            take(number, length, reads, wanted, ends);
        }
    return 0; /* a `kill` or `time` that came too late is passed over */
}
