/*
 * Source: Xen public headers xen.h, arch-x86/xen.h, memory.h, grant_table.h,
 * event_channel.h, sched.h.
 */
#include "xen_shared.h"

#include <stdbool.h>

#include "baremetal.h"
#include "xen.h"

#define CONTROL_DOMAIN 0
#define XENMEM_ADD_TO_PHYSMAP 7
enum space {
    SPACE_SHARED_INFO = 0,
    SPACE_GRANT_TABLE = 1,
};
#define EVTCHNOP_ALLOC_UNBOUND 6
#define SCHEDOP_POLL 3

#define FIRST_GRANT 8 /* those before it are reserved */
#define GRANT_ACCESS 1

struct grant {
    uint16_t flags;
    uint16_t domain;
    uint32_t frame;
};

struct time {
    volatile uint32_t version; /* odd while Xen writes */
    uint32_t pad;
    uint64_t stamp;
    uint64_t nanoseconds;
    uint32_t multiplier;
    int8_t shift;
    uint8_t flags[3];
};

struct shared {
    uint8_t processor_0[32];
    volatile struct time time;
    uint8_t others[31 * 64];
    uint64_t pending[64];
};

static union {
    struct shared info;
    uint8_t page[XEN_PAGE];
} shared __attribute__((aligned(XEN_PAGE)));
static struct grant grants[XEN_PAGE / sizeof(struct grant)]
    __attribute__((aligned(XEN_PAGE)));

/* Xen puts a page of its own in the place of one of ours. */
static void map(enum space space, const void *page)
{
    const struct {
        uint16_t domain;
        uint16_t size;
        uint32_t space;
        uint64_t index;
        uint64_t frame;
    } asked = { XEN_SELF, 0, space, 0, (uintptr_t)page / XEN_PAGE };

    xen_call(XEN_MEMORY_OP, XENMEM_ADD_TO_PHYSMAP, &asked);
}

static void start(void)
{
    static bool started;

    if (started)
        return;
    started = true;
    map(SPACE_SHARED_INFO, &shared);
    map(SPACE_GRANT_TABLE, grants);
}

uint32_t xen_grant(const void *page)
{
    static uint32_t next = FIRST_GRANT;
    struct grant *grant = &grants[next];

    start();
    if (next == XEN_PAGE / sizeof(struct grant))
        guest_abort();
    grant->domain = CONTROL_DOMAIN;
    grant->frame = (uint32_t)((uintptr_t)page / XEN_PAGE);
    __atomic_store_n(&grant->flags, GRANT_ACCESS, __ATOMIC_RELEASE);
    return next++;
}

uint32_t xen_new_port(void)
{
    struct {
        uint16_t domain;
        uint16_t other;
        uint32_t port;
    } asked = { XEN_SELF, CONTROL_DOMAIN, 0 };

    start();
    xen_call(XEN_EVENT_CHANNEL_OP, EVTCHNOP_ALLOC_UNBOUND, &asked);
    return asked.port;
}

void xen_tell(uint32_t port)
{
    xen_call(XEN_EVENT_CHANNEL_OP, XEN_EVTCHNOP_SEND, &port);
}

static uint64_t nanoseconds(void)
{
    const volatile struct time *time = &shared.info.time;
    uint32_t version, low, high;
    uint64_t ticks, now;

    start();
    do {
        version = time->version;
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
        ticks = ((uint64_t)high << 32 | low) - time->stamp;
        ticks = time->shift < 0 ? ticks >> -time->shift : ticks << time->shift;
        now = time->nanoseconds +
              (uint64_t)((unsigned __int128)ticks * time->multiplier >> 32);
        __asm__ volatile("" : : : "memory");
    } while ((version & 1) != 0 || version != time->version);
    return now;
}

uint64_t guest_clock(void)
{
    return nanoseconds() / 1000;
}

void xen_await(const uint32_t *ports, uint32_t count, uint64_t microseconds)
{
    uint64_t end = microseconds > 0 ? nanoseconds() + microseconds * 1000 : 0;
    const struct {
        const uint32_t *ports;
        uint32_t count;
        uint64_t end;
    } asked = { ports, count, end };

    start();
    xen_call(XEN_SCHED_OP, SCHEDOP_POLL, &asked);
    for (uint32_t i = 0; i < count; i++)
        __atomic_and_fetch(&shared.info.pending[ports[i] / 64],
                           ~((uint64_t)1 << ports[i] % 64), __ATOMIC_SEQ_CST);
}

void platform_nap(uint64_t microseconds)
{
    xen_await(NULL, 0, microseconds);
}
