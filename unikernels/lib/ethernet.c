#include "ethernet.h"

#include "big_endian.h"
#include "string.h"

/* A frame: 6 bytes of destination, 6 of source, 2 of type. */
#define SOURCE 6
#define TYPE 12

static struct interface interfaces[GUEST_NICS_MAX];
static size_t used;

/* Takes a number of up to three digits; false if there is none up to `most`. */
static bool take_number(struct guest_word *text, uint32_t most, uint32_t *value)
{
    size_t digits = 0;

    for (*value = 0; digits < text->length && digits < 3; digits++) {
        char c = text->start[digits];

        if (c < '0' || c > '9')
            break;
        *value = *value * 10 + (uint32_t)(c - '0');
    }
    text->start += digits;
    text->length -= digits;
    return digits > 0 && *value <= most;
}

static bool take_char(struct guest_word *text, char wanted)
{
    if (text->length == 0 || *text->start != wanted)
        return false;
    text->start++;
    text->length--;
    return true;
}

bool ethernet_address(const char *cmdline, const char *key, uint32_t *address,
                      uint32_t *mask)
{
    struct guest_word text;
    uint32_t part, prefix = 32;

    if (!guest_text(cmdline, key, &text))
        return false;
    *address = 0;
    for (int i = 0; i < 4; i++) {
        if ((i > 0 && !take_char(&text, '.')) ||
            !take_number(&text, 255, &part))
            return false;
        *address = *address << 8 | part;
    }
    if (take_char(&text, '/') && !take_number(&text, 32, &prefix))
        return false;
    *mask = prefix == 0 ? 0 : 0xffffffffu << (32 - prefix);
    return text.length == 0;
}

static void print_word(const char *text, uint64_t value)
{
    guest_puts(text);
    guest_put_decimal(value);
}

static void print_interface(const struct interface *interface)
{
    guest_puts(guest_nic_names[interface->nic]);
    print_word(": ", interface->address >> 24);
    print_word(".", interface->address >> 16 & 0xff);
    print_word(".", interface->address >> 8 & 0xff);
    print_word(".", interface->address & 0xff);
    print_word(", mtu ", guest_net_mtu(interface->nic));
    guest_puts("\n");
}

static _Noreturn void refuse(const char *key)
{
    guest_puts("usage: ");
    guest_puts(key);
    guest_puts("=ADDRESS/PREFIX, for each interface\n");
    guest_exit(GUEST_FAILED);
}

static void start(const char *cmdline, size_t number, bool alone)
{
    char ip[] = {'i', 'p', (char)('0' + number), '\0'};
    char gateway[] = {'g', 'w', (char)('0' + number), '\0'};
    struct interface *interface = &interfaces[number];
    uint32_t mask;

    if (alone)
        ip[2] = gateway[2] = '\0';
    if (!ethernet_address(cmdline, ip, &interface->address, &interface->mask))
        refuse(ip);
    if (!ethernet_address(cmdline, gateway, &interface->gateway, &mask))
        interface->gateway = 0;
    interface->nic = number;
    print_interface(interface);
}

void ethernet_start(const char *cmdline, size_t count)
{
    if (guest_nics() < count) {
        print_word("too few network interfaces: ", guest_nics());
        guest_puts("\n");
        guest_exit(GUEST_FAILED);
    }
    for (size_t number = 0; number < count; number++)
        start(cmdline, number, count == 1);
    used = count;
}

const struct interface *ethernet_interface(size_t number)
{
    return number < used ? &interfaces[number] : NULL;
}

void ethernet_send(const struct interface *out, const uint8_t *mac,
                   enum ethernet_type type, uint8_t *frame, size_t length)
{
    memcpy(frame, mac, 6);
    memcpy(frame + SOURCE, guest_net_mac(out->nic), 6);
    put16(frame + TYPE, type);
    guest_net_send(out->nic, frame, length);
}

/* An interface may hear what is for others.  The lowest bit says: for many. */
static bool is_ours(const struct interface *in, const uint8_t *frame)
{
    return (frame[0] & 1) != 0 || memcmp(frame, guest_net_mac(in->nic), 6) == 0;
}

uint16_t ethernet_type_of(const struct interface *in, const uint8_t *frame,
                          size_t length)
{
    if (length < GUEST_HEADER || !is_ours(in, frame))
        return 0;
    return get16(frame + TYPE);
}
