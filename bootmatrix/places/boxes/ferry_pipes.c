/* What a slot of a box has to say: its agent's pipes and its links, read into frames on their way out; a part of the ferry's
 * source, which says what the frames are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD 5
#define LONGEST (1 << 21)  /* bytes of a frame: a command line may have half of that */
#define CHUNK (1 << 16)
#define ROOM (4 * CHUNK) /* bytes on their way out */
#define SLACK 4096 /* more, for what this program itself has to say */
#define MOST_LINKS 8

enum { STATUS, CONSOLE, TENDER, USAGE, OUTPUTS, LINKS = OUTPUTS, HEARD, COMMANDS = HEARD, INPUT, PIPES };
static const char *names[] = {"status", "console", "tender", "usage", "links", "commands", "input"};
static const char kinds[] = "S12U";

struct slot {
    char folder[64]; /* with the pipes */
    const char *share; /* what is lent to it */
    int port, pipes[PIPES], link_count;
    struct link links[MOST_LINKS];
    pid_t agent; /* 0 if there is none */
    uint8_t in[HEAD + LONGEST], out[ROOM + SLACK];
    size_t received, from, to; /* of `in`; of `out` what is still to go */
};

/* Appends a frame to what goes out; there is room for it. */
static void put(struct slot *slot, char kind, const uint8_t *bytes, size_t length)
{
    uint8_t head[HEAD] = {kind, length >> 24, length >> 16, length >> 8, length};
    memcpy(slot->out + slot->to, head, HEAD);
    memcpy(slot->out + slot->to + HEAD, bytes, length);
    slot->to += HEAD + length;
}

static int has_room(const struct slot *slot)
{
    return ROOM - slot->to >= HEAD + 1 + CHUNK;
}

/* Ends all of a slot; it is as it was before anybody had it. */
static void clear(struct slot *slot)
{
    if (slot->agent > 0) {
        kill(slot->agent, SIGKILL);
        waitpid(slot->agent, NULL, 0);
    }
    slot->agent = 0;
    for (int which = 0; which < PIPES; which++)
        if (slot->pipes[which] > 0)
            close(slot->pipes[which]);
    memset(slot->pipes, -1, sizeof slot->pipes);
    while (slot->link_count > 0)
        close(slot->links[--slot->link_count].frames);
    umount2(slot->folder, MNT_DETACH);
}

/* Says why the slot is no more. */
static void fail(struct slot *slot, const char *what)
{
    char said[256];
    snprintf(said, sizeof said, "%s: %s", what, strerror(errno));
    clear(slot);
    put(slot, 'E', (uint8_t *)said, strlen(said));
}

static void send_out(struct slot *slot)
{
    ssize_t sent = write(slot->port, slot->out + slot->from, slot->to - slot->from);
    if (sent > 0)
        slot->from += sent;
    if (slot->from == slot->to)
        slot->from = slot->to = 0;
}

/* Whether there was anything in a pipe of the agent's. */
static int take(struct slot *slot, int which)
{
    uint8_t bytes[CHUNK];
    ssize_t got = read(slot->pipes[which], bytes, CHUNK);
    if (got > 0)
        put(slot, kinds[which], bytes, got);
    return got > 0;
}

/* Whether there was anything on a link. */
static int take_frame(struct slot *slot, int number)
{
    uint8_t frame[1 + CHUNK];
    frame[0] = number;
    ssize_t length = next_frame(slot->links[number].frames, frame + 1, CHUNK);
    if (length > 0)
        put(slot, 'N', frame, 1 + length);
    return length >= 0;
}

/* The word that a boot has ended comes after all that it has printed and sent. */
static void take_status(struct slot *slot)
{
    for (int which = CONSOLE; which <= TENDER; which++)
        while (has_room(slot) && take(slot, which))
            ;
    for (int number = 0; number < slot->link_count; number++)
        while (has_room(slot) && take_frame(slot, number))
            ;
    if (has_room(slot))
        take(slot, STATUS);
}

/* Makes the pipes, and what else the agent needs beside them. */
static int lay_pipes(struct slot *slot)
{
    char path[256];
    mkdir(slot->folder, 0711);
    if (mount("tmpfs", slot->folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=711,size=8m"))
        return -1;
    for (int which = 0; which < PIPES; which++) {
        snprintf(path, sizeof path, "%s/%s", slot->folder, names[which]);
        if (mkfifo(path, 0600) || (which == LINKS && chmod(path, 0622)))
            return -1;
        if ((slot->pipes[which] = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
            return -1;
    }
    fcntl(slot->pipes[COMMANDS], F_SETPIPE_SZ, LONGEST / 2);
    fcntl(slot->pipes[INPUT], F_SETPIPE_SZ, LONGEST / 2); /* what does not fit is lost: nobody out there waits for it */
    return 0;
}
