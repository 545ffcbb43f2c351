/* The usher: a bridge drops what comes by a tap until the kernel, in a thread of its own, has seen that somebody has
 * attached to it; on a busy host that takes many milliseconds, and a guest that asks once would get no answer. So a thread
 * for each such tap hurries the kernel, and sends by the link that leads from the bridge what was dropped until then. Then
 * it ends, as it does when the tap is gone; nothing of a flood is kept.
 */
#define FIRST_FRAMES 256 /* that are kept: more are a flood */
#define FIRST_BYTES (1 << 20)
#define AT_A_LOOK 1024 /* frames of either direction */
#define LINK_HEADER 15 /* PACKET_VNET_HDR: before each frame stands what is left to do of its checksum */
#define UNFINISHED 1 /* VIRTIO_NET_HDR_F_NEEDS_CSUM */
#define GET_LINK 18 /* RTM_GETLINK */
#define WANTED (1 | 4) /* NLM_F_REQUEST, NLM_F_ACK */
#define OPERSTATE 16 /* IFLA_OPERSTATE */
#define CARRIER 33 /* IFLA_CARRIER */
#define IS_UP 6 /* IF_OPER_UP: the kernel has seen it, and so has the bridge */
#define SOON 1 /* ms between looks, */
#define AT_FIRST 2000 /* that many of them: most guests attach in that time */
#define LATER 20 /* ms between those after it */

struct before { /* virtio_net_hdr */
    uint8_t flags, kind;
    uint16_t head, size, start, offset;
};

struct seen { /* frames that have passed a link in one direction, the first ones */
    int end, outgoing, count, flood;
    size_t bytes, length[FIRST_FRAMES]; /* with what stands before it */
    uint8_t *frames[FIRST_FRAMES];
};

struct usher {
    int index; /* of the tap */
    struct seen tap, link;
    uint8_t space[sizeof(struct before) + TAG + LARGEST];
};

/* 1 once frames pass a link that somebody is attached to, 0 before, -1 if there is none. To be asked hurries newer kernels:
   since Linux 6.8 they do then what was left for later. */
static int is_up(int index)
{
    struct {
        struct message head;
        uint8_t family, padding;
        uint16_t type;
        int32_t index;
        uint32_t flags, change;
    } asked = {.head = {sizeof asked, GET_LINK, WANTED, 0, 0}, .index = index};
    char answer[1 << 14];
    struct message head = {0};
    uint8_t state = 0, carrier = 0;
    ssize_t length = ask(0, (char *)&asked, sizeof asked, answer, sizeof answer);
    if (length >= (ssize_t)sizeof head)
        memcpy(&head, answer, sizeof head);
    if (length < (ssize_t)sizeof asked || head.type == IS_ERROR || head.length > (size_t)length)
        return -1;
    for (size_t at = sizeof asked; at + 4 < head.length;) {
        uint16_t what[2]; /* length and type */
        memcpy(what, answer + at, sizeof what);
        if (what[0] < sizeof what)
            return -1;
        state = what[1] == OPERSTATE ? answer[at + 4] : state;
        carrier = what[1] == CARRIER ? answer[at + 4] : carrier;
        at += (what[0] + 3) & ~3U;
    }
    return carrier && state == IS_UP;
}

/* Keeps what has passed. */
static void look(struct seen *seen, uint8_t *space)
{
    int kind;
    ssize_t length;
    for (int looks = 0; !seen->flood && looks < AT_A_LOOK; looks++) {
        if ((length = take_frame(seen->end, space, sizeof(struct before), &kind)) < 0)
            return;
        if (!length || (kind == PACKET_OUTGOING) != seen->outgoing)
            continue;
        size_t all = sizeof(struct before) + length;
        uint8_t *kept = NULL;
        seen->flood = seen->count == FIRST_FRAMES || (seen->bytes += all) > FIRST_BYTES || !(kept = malloc(all));
        if (!seen->flood) {
            memcpy(kept, space, all);
            seen->length[seen->count] = all;
            seen->frames[seen->count++] = kept;
        }
    }
}

/* How many of the first frames of the tap the bridge has dropped: not those that have passed the link, which are its last,
   with others from elsewhere between them. */
static int count_dropped(const struct usher *usher)
{
    const struct seen *tap = &usher->tap, *link = &usher->link;
    const size_t skipped = sizeof(struct before);
    int dropped = tap->count;
    for (int passed = link->count; passed-- && dropped;) {
        size_t length = link->length[passed];
        if (length == tap->length[dropped - 1] &&
            !memcmp(link->frames[passed] + skipped, tap->frames[dropped - 1] + skipped, length - skipped))
            dropped--;
    }
    return dropped;
}

/* Sends what was dropped. The kernel ends no socket for packets before what is on its way has come through. */
static void send_dropped(struct usher *usher)
{
    look(&usher->tap, usher->space);
    look(&usher->link, usher->space);
    if (!count_dropped(usher))
        return;
    close(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    look(&usher->tap, usher->space);
    look(&usher->link, usher->space);
    int dropped = usher->tap.flood || usher->link.flood ? 0 : count_dropped(usher);
    for (int each = 0; each < dropped; each++) {
        struct before *before = (struct before *)usher->tap.frames[each];
        uint8_t *frame = usher->tap.frames[each] + sizeof *before;
        int tagged = frame[TAG_AT] == ETHERTYPE_VLAN >> 8 && frame[TAG_AT + 1] == (ETHERTYPE_VLAN & 0xff);
        if (before->flags & UNFINISHED && tagged)
            before->start += TAG;
        send(usher->link.end, before, usher->tap.length[each], MSG_NOSIGNAL);
    }
}

static void end_usher(struct usher *usher)
{
    struct seen *both[] = {&usher->tap, &usher->link};
    for (int each = 0; each < 2; each++) {
        while (both[each]->count)
            free(both[each]->frames[--both[each]->count]);
        if (both[each]->end >= 0)
            close(both[each]->end);
    }
    free(usher);
}

static void *attend(void *given)
{
    struct usher *usher = given;
    int up;
    for (int looks = 0; !(up = is_up(usher->index)); looks += looks < AT_FIRST) {
        look(&usher->tap, usher->space);
        look(&usher->link, usher->space);
        poll(NULL, 0, looks < AT_FIRST ? SOON : LATER);
    }
    if (up > 0)
        send_dropped(usher);
    end_usher(usher);
    return NULL;
}

/* Begins to attend a tap on a bridge, from which that link leads; 0, or -1 with errno. */
static int make_usher(const char *tap, const char *link)
{
    pthread_t thread;
    int yes = 1;
    struct usher *usher = calloc(1, sizeof *usher);
    if (!usher)
        return -1;
    usher->index = (int)if_nametoindex(tap);
    usher->link.outgoing = 1;
    usher->tap.end = opened_frames(tap);
    usher->link.end = usher->tap.end < 0 ? -1 : opened_frames(link);
    if (usher->link.end >= 0 && !setsockopt(usher->tap.end, SOL_PACKET, LINK_HEADER, &yes, sizeof yes) &&
        !setsockopt(usher->link.end, SOL_PACKET, LINK_HEADER, &yes, sizeof yes) &&
        !(errno = pthread_create(&thread, NULL, attend, usher))) {
        pthread_detach(thread);
        return 0;
    }
    int why = errno;
    end_usher(usher);
    errno = why;
    return -1;
}
