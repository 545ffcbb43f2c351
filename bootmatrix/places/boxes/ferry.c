/* The first program of a box, the virtual machine that brings a hypervisor: boots are run in it as in a container.
 *
 * Each virtio-serial port whose name begins with `slot` is a slot. Who connects to it outside of the machine says what
 * it shall be: a root file system, mounts, devices, networks, with `agent` as its first process, which runs one boot
 * after the other as in a container. This program carries what the agent is told, what it tells, and what boots print,
 * all of a slot in one order. When other words come, or nobody is there any more, all of the slot ends.
 *
 * A frame is its kind, a byte, its length, four bytes, the highest first, and so many bytes. To the machine go
 *   O   what the slot is from now on: words, each with a NUL behind, as ferry_slot.c reads them
 *   G   how many bytes of memory all of a slot may have
 *   C   for the agent's `commands`
 *   I   for its `input`;   D   drops what nobody has read of that
 *   N   a byte, the number of a link, and a frame for its tap
 * and from it come O, empty, when the slot has ended that was before; S, what the agent wrote to `status`, 1 to `console`,
 * 2 to `tender`, U to `usage`; N as above; and E, why the slot has ended. What a boot printed before it ended comes before
 * the word that it has.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORTS "/sys/class/virtio-ports"
#define PREFIX "slot"
#define SECOND 1000
#define TICK 20000 /* microseconds between looks whether anybody has connected */

/* Heeds what a boot says of the back ends of its links. */
static void take_links(struct slot *slot)
{
    char lines[PIPE_BUF + 1], *rest = lines, *line;
    ssize_t got = read(slot->pipes[LINKS], lines, PIPE_BUF);
    lines[got > 0 ? got : 0] = 0;
    while ((line = strsep(&rest, "\n")))
        if (*line && take_back_end(line, slot->links, slot->link_count)) {
            fail(slot, "its networks");
            return;
        }
}

/* Makes the slot anew, as these words say. */
static void begin(struct slot *slot, char *words, size_t length)
{
    clear(slot);
    put(slot, 'O', NULL, 0); /* what was told before is of another */
    errno = EINVAL;
    if (!length || words[length - 1])
        fail(slot, "its words");
    else if (unshare(CLONE_NEWNET) || lay_pipes(slot))
        fail(slot, "its folder");
    else if ((slot->link_count = make_links(words, length, slot->links, MOST_LINKS)) < 0)
        fail(slot, "its networks");
    else if ((slot->agent = start_agent(words, length, slot->folder, slot->share)) < 0)
        fail(slot, "its processes");
}

static void heed(struct slot *slot, char kind, uint8_t *bytes, size_t length)
{
    uint8_t dropped[CHUNK];
    if (kind == 'O')
        begin(slot, (char *)bytes, length);
    if (!slot->agent)
        return;
    switch (kind) {
    case 'G':
        limit_memory(slot->share, (char *)bytes, length);
        break;
    case 'C':
        if (write(slot->pipes[COMMANDS], bytes, length) != (ssize_t)length)
            fail(slot, "commands");
        break;
    case 'I':
        if (write(slot->pipes[INPUT], bytes, length) < 0)
            break; /* nobody reads it */
        break;
    case 'D':
        while (read(slot->pipes[INPUT], dropped, CHUNK) > 0)
            ;
        break;
    case 'N':
        if (length > 1 && bytes[0] < slot->link_count)
            send_frame(slot->links + bytes[0], bytes + 1, length - 1);
        break;
    }
}

/* Takes what has come, and heeds the whole frames of it; 0 when nobody is there any more. */
static int take_in(struct slot *slot)
{
    ssize_t got = read(slot->port, slot->in + slot->received, sizeof slot->in - slot->received);
    if (!got || (got < 0 && errno != EAGAIN && errno != EINTR))
        return 0;
    slot->received += got > 0 ? got : 0;
    size_t at = 0, length;
    for (; slot->received - at >= HEAD; at += HEAD + length) {
        uint8_t *head = slot->in + at;
        length = (size_t)head[1] << 24 | head[2] << 16 | head[3] << 8 | head[4];
        if (length > LONGEST)
            return 0;
        if (slot->received - at < HEAD + length)
            break;
        heed(slot, head[0], head + HEAD, length);
    }
    memmove(slot->in, slot->in + at, slot->received -= at);
    return 1;
}

/* Waits for what there is to carry, and carries it; 0 when nobody is there any more. */
static int carry(struct slot *slot)
{
    struct pollfd events[HEARD + MOST_LINKS + 1];
    int count = 0, how;
    short gives = has_room(slot) ? POLLIN : 0;
    for (int which = 0; which < HEARD; which++)
        events[count++] = (struct pollfd){slot->pipes[which], gives, 0};
    for (int number = 0; number < slot->link_count; number++)
        events[count++] = (struct pollfd){slot->links[number].frames, gives, 0};
    struct pollfd *port = events + count;
    *port = (struct pollfd){slot->port, POLLIN | (slot->to ? POLLOUT : 0), 0};
    if (poll(events, count + 1, SECOND) < 0)
        return errno == EINTR;
    if (port->revents & (POLLHUP | POLLERR))
        return 0;
    for (int which = OUTPUTS - 1; which > STATUS; which--)
        if (events[which].revents & POLLIN && has_room(slot))
            take(slot, which);
    if (events[STATUS].revents & POLLIN)
        take_status(slot);
    for (int number = 0; number < slot->link_count; number++)
        if (events[HEARD + number].revents && has_room(slot))
            take_frame(slot, number); /* or the word that the device is gone, which is then told no more */
    if (events[LINKS].revents & POLLIN && has_room(slot))
        take_links(slot);
    if (slot->to)
        send_out(slot);
    if (slot->agent && has_room(slot) && waitpid(slot->agent, &how, WNOHANG) == slot->agent) {
        slot->agent = errno = 0;
        take_status(slot);
        fail(slot, "its agent has ended");
    }
    return !(port->revents & POLLIN) || take_in(slot);
}

/* One slot, for one who connects to it after the other. */
static void serve(const char *name, const char *device)
{
    static struct slot slot;
    char share[128];
    snprintf(slot.folder, sizeof slot.folder, "/run/%s", name);
    snprintf(share, sizeof share, "/bootmatrix/%s", name);
    mkdir(slot.folder, 0711);
    slot.share = share;
    memset(slot.pipes, -1, sizeof slot.pipes);
    if ((slot.port = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
        _exit(1);
    for (;;)
        if (!carry(&slot)) {
            clear(&slot);
            slot.received = slot.from = slot.to = 0;
            usleep(TICK);
        }
}

/* Starts what serves a slot, in namespaces of its own that end with it. */
static void start(const char *name, const char *device)
{
    if (alone())
        return;
    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    serve(name, device);
}

/* Lets neither this program nor an agent be ended when memory runs out. */
static void be_spared(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, "-1000", 5) < 0)
        perror("oom_score_adj");
    close(file);
}

/* Finds the ports; the machine ends when nothing is left that serves one. */
int main(void)
{
    struct dirent *entry;
    DIR *ports = opendir(PORTS);
    mkdir("/run", 0755);
    be_spared();
    machine_network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (!mount("cgroup2", GROUPS, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) {
        tell_group(".", "cgroup.subtree_control", "+pids");
        takes(".", "cgroup.subtree_control", "+cpu"); /* the processor is for all slots alike, however many processes one has */
        takes(".", "cgroup.subtree_control", "+memory"); /* one that wants more than its own has none of another's */
    }
    while (ports && (entry = readdir(ports))) {
        char path[300], device[300], name[32] = "";
        snprintf(path, sizeof path, PORTS "/%s/name", entry->d_name);
        snprintf(device, sizeof device, "/dev/%s", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file && fscanf(file, "%31s", name) == 1 && !strncmp(name, PREFIX, strlen(PREFIX)))
            start(name, device);
        if (file)
            fclose(file);
    }
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    reboot(RB_POWER_OFF);
    return 1;
}
