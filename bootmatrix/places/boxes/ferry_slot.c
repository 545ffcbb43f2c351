/* What a slot of a box is: its root file system, its mounts and devices, and its agent; a part of the ferry's source.
 *
 * The words that say so are read in their order, each a letter and the rest:
 *   P NUMBER   how many processes it may have
 *   R FILE     the root: a SquashFS file; the box's own root if there is none
 *   T BYTES    the size of the scratch folder
 *   M SOURCE   the next is a mount of this file or folder of the slot's share; m the same, writable
 *   @ INSIDE   where
 *   E NAME=X   in the environment
 *   W FOLDER   the working directory
 *   F BYTES    the largest file that a boot may write
 *   O NUMBER   how many files it may have open
 *   U NUMBER   the user, and group, that boots are
 *   L NAME MTU a link that is a tap; V, one that a back end of Xen will be, which a boot's script names in its pipe `links`
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT "/mnt/root"
#define GROUPS "/sys/fs/cgroup"
#define SCRATCH_OPTIONS "mode=1777,size="

extern char **environ;

static int told = 2; /* where it is said why a slot cannot be */

static void stop(const char *what)
{
    dprintf(told, "%s: %s\n", what, strerror(errno));
    _exit(1);
}

/* Forks into namespaces of its own, but for its user's; the first process of it can end all others. */
static pid_t alone(void)
{
    long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | SIGCHLD;
    return syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static void run(char *const words[])
{
    int how;
    pid_t child = fork();
    if (!child) {
        execv(words[0], words);
        _exit(127);
    }
    if (waitpid(child, &how, 0) != child || how)
        stop(words[1]);
}

/* Makes the folders of a path, and at its end a folder, or a file. */
static void make_place(const char *path, int folder)
{
    char part[4096];
    for (size_t at = 1; at < sizeof part && path[at - 1]; at++)
        if (at > 1 && (path[at] == '/' || (!path[at] && folder))) {
            memcpy(part, path, at);
            part[at] = 0;
            mkdir(part, 0755);
        }
    if (!folder)
        close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
}

static void lend(const char *source, const char *inside, int writable)
{
    char target[4200];
    struct stat found;
    if (stat(source, &found))
        stop(source);
    snprintf(target, sizeof target, ROOT "%s", inside);
    make_place(target, S_ISDIR(found.st_mode));
    unsigned long flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | (writable ? 0 : MS_RDONLY);
    if (mount(source, target, NULL, MS_BIND, NULL) || mount(NULL, target, NULL, flags, NULL))
        stop(inside);
}

static void make_devices(void)
{
    static const struct {
        const char *name;
        int major, minor;
    } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    static const char *lent[] = {"kvm", "net/tun"};
    char path[64], source[64];
    struct stat found;
    if (mount("tmpfs", ROOT "/dev", "tmpfs", MS_NOSUID, "mode=755,size=64k") || mkdir(ROOT "/dev/net", 0755))
        stop("/dev");
    for (size_t number = 0; number < sizeof nodes / sizeof *nodes; number++) {
        snprintf(path, sizeof path, ROOT "/dev/%s", nodes[number].name);
        mknod(path, S_IFCHR | 0666, makedev(nodes[number].major, nodes[number].minor));
        chmod(path, 0666);
    }
    for (size_t number = 0; number < sizeof lent / sizeof *lent; number++) {
        snprintf(source, sizeof source, "/dev/%s", lent[number]);
        snprintf(path, sizeof path, ROOT "/dev/%s", lent[number]);
        if (!stat(source, &found) && (mknod(path, S_IFCHR | 0666, found.st_rdev) || chmod(path, 0666)))
            stop(source);
    }
    if (symlink("/proc/self/fd", ROOT "/dev/fd") || symlink("fd/1", ROOT "/dev/stdout") || symlink("fd/2", ROOT "/dev/stderr"))
        stop("/dev/fd");
}

/* A root that nobody can write to: that of a file, with room for the places of mounts, or the box's own. */
static void make_root(const char *file)
{
    make_place(ROOT, 1);
    if (*file) {
        make_place("/mnt/lower", 1);
        make_place("/mnt/over", 1);
        /* One after the other: two that look for a free loop device find the same one, again and again. */
        int turn = open("/run/loops", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        flock(turn, LOCK_EX);
        run((char *const[]){"/bin/busybox", "mount", "-t", "squashfs", "-o", "ro,loop", (char *)file, "/mnt/lower", NULL});
        close(turn);
        if (mount("tmpfs", "/mnt/over", "tmpfs", 0, "mode=755,size=1m") || mkdir("/mnt/over/up", 0755) || mkdir("/mnt/over/work", 0755))
            stop("places of mounts");
        if (mount("overlay", ROOT, "overlay", 0, "lowerdir=/mnt/lower,upperdir=/mnt/over/up,workdir=/mnt/over/work"))
            stop("the root");
        make_place(ROOT "/dev", 1);
        make_devices();
    } else if (mount("/", ROOT, NULL, MS_BIND | MS_REC, NULL))
        stop("the root");
    make_place(ROOT "/proc", 1);
    if (mount("proc", ROOT "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
        stop("/proc");
}

static void limit(int which, const char *most)
{
    struct rlimit both = {strtoull(most, NULL, 10), strtoull(most, NULL, 10)};
    if (setrlimit(which, &both))
        stop("a limit");
}

/* Whether a control group has taken a word. */
static int takes(const char *group, const char *file, const char *word)
{
    char path[128];
    snprintf(path, sizeof path, GROUPS "/%s/%s", group, file);
    int end = open(path, O_WRONLY | O_CLOEXEC), taken = end >= 0 && write(end, word, strlen(word)) > 0;
    if (end >= 0)
        close(end);
    return taken;
}

static void tell_group(const char *group, const char *file, const char *word)
{
    if (!takes(group, file, word))
        stop(file);
}

/* Lets all processes of a slot, this one and those that it starts, be so many at the most: others stay able to have some. */
static void limit_processes(const char *slot, const char *most)
{
    char path[128];
    snprintf(path, sizeof path, GROUPS "/%s", slot);
    mkdir(path, 0755);
    tell_group(slot, "pids.max", most);
    tell_group(slot, "cgroup.procs", "0");
}

/* Lets all processes of a slot together have so many bytes, in decimal digits. */
static void limit_memory(const char *share, const char *most, size_t length)
{
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)length, most);
    takes(strrchr(share, '/') + 1, "memory.max", word);
}

/* Shows a slot its control group, as a container sees its own: its agent reads there whether memory ran out. */
static void show_group(const char *slot)
{
    char path[128];
    snprintf(path, sizeof path, GROUPS "/%s", slot);
    make_place(ROOT GROUPS, 1);
    unsigned long flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
    if (mount(path, ROOT GROUPS, NULL, MS_BIND, NULL) || mount(NULL, ROOT GROUPS, NULL, flags, NULL))
        stop(GROUPS);
}

/* Becomes the agent of a slot, as its words say; never returns. */
static void become_agent(char *words, size_t length, const char *folder, const char *share)
{
    char path[4200] = "", options[64], *workdir = "/tmp", *user = "65534";
    int writable = 0;
    snprintf(path, sizeof path, "%s/status", folder);
    told = open(path, O_WRONLY | O_CLOEXEC);
    clearenv();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (char *word = words; word < words + length; word += strlen(word) + 1) {
        char *rest = word + (*word ? 1 : 0);
        switch (*word) {
        case 'P':
            limit_processes(strrchr(share, '/') + 1, rest);
            break;
        case 'R':
            make_root(rest);
            break;
        case 'T':
            snprintf(options, sizeof options, SCRATCH_OPTIONS "%s", rest);
            make_place(ROOT "/tmp", 1);
            if (mount("tmpfs", ROOT "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options))
                stop("/tmp");
            break;
        case 'M':
        case 'm':
            snprintf(path, sizeof path, "%s/%s", share, rest);
            writable = *word == 'm';
            break;
        case '@':
            lend(path, rest, writable);
            break;
        case 'E':
            putenv(rest);
            break;
        case 'W':
            workdir = rest;
            break;
        case 'F':
            limit(RLIMIT_FSIZE, rest);
            break;
        case 'O':
            limit(RLIMIT_NOFILE, rest);
            break;
        case 'U':
            user = rest;
            break;
        }
    }
    show_group(strrchr(share, '/') + 1);
    make_place(ROOT "/bootmatrix", 1);
    if (mount(folder, ROOT "/bootmatrix", NULL, MS_BIND, NULL))
        stop("the folder of its pipes");
    lend("/bootmatrix/agent", "/bootmatrix/agent", 0);
    snprintf(path, sizeof path, "%s/job", share);
    lend(path, "/bootmatrix/job", 1);
    mount(NULL, ROOT, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV | MS_NOSUID, NULL);
    if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir(workdir))
        stop("its root");
    limit(RLIMIT_CORE, "0");
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* No boot, however many processes it has, keeps its agent from ending it; what that starts is as all others. */
    sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &(struct sched_param){.sched_priority = 1});
    execl("/bootmatrix/agent", "/bootmatrix/agent", "/bootmatrix", user, user, (char *)NULL);
    stop("its agent");
}

/* The agent's process, the first of a namespace, or -1. It shares the networks of the caller. */
static pid_t start_agent(char *words, size_t length, const char *folder, const char *share)
{
    long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD;
    pid_t child = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (!child)
        become_agent(words, length, folder, share);
    return child;
}
