/*
 * Source: Xen public headers hvm/params.h, io/xs_wire.h, io/xenbus.h,
 * io/ring.h.
 */
#include "xen_bus.h"

#include "baremetal.h"
#include "string.h"

#define PARAM_STORE_PFN 1
#define PARAM_STORE_EVTCHN 2
#define HALF 1024

#define LOOK_AGAIN 2000 /* microseconds between looks at a state */

enum message_type {
    STORE_DIRECTORY = 1,
    STORE_READ = 2,
    STORE_WRITE = 11,
    STORE_ERROR = 16,
};

struct message {
    uint32_t type;
    uint32_t request;
    uint32_t transaction;
    uint32_t length;
};

struct store {
    char asked[HALF];
    char answers[HALF];
    volatile uint32_t asked_taken;
    volatile uint32_t asked_put;
    volatile uint32_t answers_taken;
    volatile uint32_t answers_put;
};

static struct store *store;
static uint32_t store_port;
static char answer[HALF]; /* to the last question; a NUL follows it */
static size_t answer_length;

static void put(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        while (store->asked_put - store->asked_taken == HALF) {
            xen_tell(store_port);
            xen_await(&store_port, 1, 0);
        }
        store->asked[store->asked_put % HALF] = ((const char *)bytes)[i];
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        store->asked_put++;
    }
}

static void take(void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        while (store->answers_put == store->answers_taken)
            xen_await(&store_port, 1, 0);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        ((char *)bytes)[i] = store->answers[store->answers_taken % HALF];
        store->answers_taken++;
    }
}

/* Whether the store has what it is asked for; the value has no NUL. */
static bool ask(enum message_type type, const char *path, const char *value)
{
    size_t length = text_length(path) + 1;
    struct message message = {
        .type = type,
        .length = (uint32_t)(length + text_length(value)),
    };
    char dropped;

    put(&message, sizeof(message));
    put(path, length);
    put(value, text_length(value));
    xen_tell(store_port);
    take(&message, sizeof(message));
    answer_length = message.length < HALF - 1 ? message.length : HALF - 1;
    take(answer, answer_length);
    for (size_t i = answer_length; i < message.length; i++)
        take(&dropped, 1);
    answer[answer_length] = '\0';
    xen_tell(store_port);
    return message.type != STORE_ERROR;
}

/* The text becomes both, with a blank character between them. */
static void join(char text[XEN_TEXT], const char *first, char between,
                 const char *second)
{
    size_t length = text_length(first), more = text_length(second);

    if (length + more + 2 > XEN_TEXT)
        guest_abort();
    memmove(text, first, length);
    text[length] = between;
    memcpy(text + length + 1, second, more + 1);
}

static uint64_t decimal(const char *text)
{
    uint64_t value = 0;

    while (*text >= '0' && *text <= '9')
        value = value * 10 + (uint64_t)(*text++ - '0');
    return value;
}

void xen_read(const char *end, const char *key, char text[XEN_TEXT])
{
    char path[XEN_TEXT];
    size_t length = 0;

    join(path, end, '/', key);
    if (ask(STORE_READ, path, ""))
        length = answer_length < XEN_TEXT - 1 ? answer_length : XEN_TEXT - 1;
    memcpy(text, answer, length);
    text[length] = '\0';
}

uint64_t xen_read_number(const char *end, const char *key)
{
    char text[XEN_TEXT];

    xen_read(end, key, text);
    return decimal(text);
}

void xen_write(const struct xen_device *device, const char *key,
               const char *text)
{
    char path[XEN_TEXT];

    join(path, device->path, '/', key);
    ask(STORE_WRITE, path, text);
}

void xen_write_number(const struct xen_device *device, const char *key,
                      uint64_t value)
{
    char digits[21];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    xen_write(device, key, digits + at);
}

/* The name of the device that has so many before it, by their numbers. */
static bool find(const char *kind, size_t number, char name[XEN_TEXT])
{
    size_t before;

    if (!ask(STORE_DIRECTORY, kind, ""))
        return false;
    for (const char *one = answer; one < answer + answer_length;
         one += text_length(one) + 1) {
        before = 0;
        for (const char *other = answer; other < answer + answer_length;
             other += text_length(other) + 1)
            before += decimal(other) < decimal(one);
        if (before == number && text_length(one) < XEN_TEXT) {
            memcpy(name, one, text_length(one) + 1);
            return true;
        }
    }
    return false;
}

bool xen_open(struct xen_device *device, const char *kind, size_t number)
{
    char name[XEN_TEXT], folder[XEN_TEXT];

    if (store == NULL) {
        store_port = (uint32_t)xen_parameter(PARAM_STORE_EVTCHN);
        store = (struct store *)(uintptr_t)(xen_parameter(PARAM_STORE_PFN) *
                                            XEN_PAGE);
    }
    join(folder, "device", '/', kind);
    if (!find(folder, number, name))
        return false;
    join(device->path, folder, '/', name);
    xen_read(device->path, "backend", device->back);
    device->port = xen_new_port();
    return true;
}

void xen_await_connected(const struct xen_device *device)
{
    while (xen_read_number(device->back, "state") != XEN_STATE_CONNECTED)
        platform_nap(LOOK_AGAIN);
}

void xen_ask(const struct xen_device *device, struct xen_ring *ring)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    ring->asked++;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    xen_tell(device->port);
}

static bool is_behind(const struct xen_ring *ring, uint32_t taken)
{
    return (int32_t)(ring->answered - taken) > 0;
}

bool xen_is_answered(struct xen_ring *ring, uint32_t taken)
{
    if (!is_behind(ring, taken)) {
        ring->answered_event = taken + 1;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (!is_behind(ring, taken))
            return false;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return true;
}
