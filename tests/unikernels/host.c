/*
 * A platform on which a networked unikernel runs as a process of the host,
 * under the compiler's sanitizers: frames come from a generator, what it sends
 * is verified, and what lies after a frame may not be touched.
 * Arguments: seed, number of frames, the boot arguments.
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

#include "big_endian.h"
#include "ip.h"
#include "string.h"
#include "tcp.h"

#define HEADERS (GUEST_HEADER + 20)
#define MTU 1500

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 2};
static uint64_t state, frames_left, now, answers;
static uint32_t sequence, acknowledged; /* to go on with a connection */
static uint16_t ports[2];

static uint32_t random_below(uint32_t end)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % end;
}

static bool one_in(uint32_t n)
{
    return random_below(n) == 0;
}

static void fill(uint8_t *at, size_t length)
{
    for (size_t i = 0; i < length; i++)
        at[i] = (uint8_t)random_below(256);
}

static void verify(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "sent: %s\n", what);
        abort();
    }
}

bool guest_net_send(size_t nic, const uint8_t *frame, size_t length)
{
    const uint8_t *ip = frame + GUEST_HEADER, *tcp = frame + HEADERS;
    size_t total = length - GUEST_HEADER;

    (void)nic;
    verify(length >= HEADERS && length <= GUEST_HEADER + MTU, "a length");
    if (get16(frame + 12) != ETHERNET_IP)
        return true;
    answers++;
    verify(get16(ip + 2) == total, "a total");
    verify(ip_checksum(ip, (ip[0] & 0xf) * 4u, 0) == 0, "a checksum of IP");
    if (ip[9] == IP_TCP && get32(ip + 12) == 0x0a000002) {
        verify(ip_checksum(tcp, total - 20,
                           ip_pseudo_header(get32(ip + 12), get32(ip + 16),
                                            IP_TCP, total - 20)) == 0,
               "a checksum of TCP");
        sequence = get32(tcp + TCP_ACKNOWLEDGED);
        acknowledged = get32(tcp + TCP_SEQUENCE) + (uint32_t)(total - 40) +
                       ((tcp[TCP_FLAGS] & (TCP_SYN | TCP_FIN)) != 0);
    }
    return true;
}

static size_t put_tcp(uint8_t *tcp)
{
    static const uint8_t flags[] = {TCP_SYN, TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH,
                                    TCP_ACK | TCP_FIN, TCP_RST};
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";
    size_t length = one_in(2) ? 0 : random_below(41);
    uint32_t words = one_in(4) ? random_below(16) : 5;

    if (one_in(4)) /* nothing but options */
        words = 5 + (uint32_t)(length &= ~(size_t)3) / 4;
    if (one_in(8))
        ports[0] = (uint16_t)random_below(30);
    put16(tcp + TCP_FROM_PORT, ports[0]);
    put16(tcp + TCP_TO_PORT, 80);
    put32(tcp + TCP_SEQUENCE, sequence + (one_in(4) ? random_below(40) - 20 : 0));
    put32(tcp + TCP_ACKNOWLEDGED,
          acknowledged + (one_in(4) ? random_below(40) - 20 : 0));
    tcp[TCP_WORDS] = (uint8_t)(words << 4);
    tcp[TCP_FLAGS] = flags[random_below(sizeof(flags))];
    put16(tcp + TCP_WINDOW, one_in(3) ? random_below(500) : 60000);
    for (size_t i = 0; i < length; i++)
        tcp[TCP_HEADER + i] = (uint8_t)random_below(6);
    if (words == 5 && one_in(2)) {
        memcpy(tcp + TCP_HEADER, request, sizeof(request) - 1);
        length = sizeof(request) - 1;
    }
    return TCP_HEADER + length;
}

static size_t put_udp(uint8_t *udp)
{
    size_t length = random_below(60);

    put16(udp, random_below(9));
    put16(udp + 2, 7);
    put16(udp + 4, (unsigned int)(one_in(4) ? random_below(80) : 8 + length));
    put16(udp + 6, 0);
    fill(udp + 8, length);
    return 8 + length;
}

static size_t put_icmp(uint8_t *icmp)
{
    size_t length = one_in(9) ? MTU - 20 : 8 + random_below(60);

    fill(icmp, length);
    put32(icmp, 0x08000000);
    put16(icmp + 2, ip_checksum(icmp, length, 0));
    return length;
}

static size_t put_ip(uint8_t *frame)
{
    static const uint32_t to[] = {0x0a000002, 0x0a000002, 0x0a000002,
                                  0x0a010005, 0x0a010002, 0xe0000001};
    static const uint8_t protocols[] = {IP_ICMP, IP_UDP, IP_TCP, IP_TCP};
    uint8_t *ip = frame + GUEST_HEADER;
    uint8_t protocol = protocols[random_below(sizeof(protocols))];
    size_t length = protocol == IP_ICMP  ? put_icmp(ip + 20)
                    : protocol == IP_UDP ? put_udp(ip + 20)
                                         : put_tcp(ip + 20);

    memset(ip, 0, 20);
    ip[0] = one_in(20) ? (uint8_t)random_below(256) : 0x45;
    put16(ip + 2, (unsigned int)(one_in(20) ? random_below(1600) : 20 + length));
    put16(ip + 6, one_in(20) ? random_below(65536) : 0);
    ip[8] = (uint8_t)random_below(4);
    ip[9] = protocol;
    put32(ip + 12, one_in(20) ? 0x0a030000 + random_below(99) : 0x0a000001);
    put32(ip + 16, to[random_below(6)]);
    put16(ip + 10, ip_checksum(ip, (ip[0] & 0xf) * 4u, 0));
    if (protocol == IP_TCP)
        put16(ip + 20 + TCP_CHECKSUM, 0);
    if (protocol == IP_TCP)
        put16(ip + 20 + TCP_CHECKSUM,
              ip_checksum(ip + 20, length,
                          ip_pseudo_header(get32(ip + 12), get32(ip + 16),
                                           IP_TCP, length)));
    return HEADERS + length;
}

static size_t put_arp(uint8_t *frame)
{
    static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0};
    uint8_t *arp = frame + GUEST_HEADER;

    fill(arp, 28);
    memcpy(arp, head, sizeof(head));
    arp[7] = (uint8_t)(1 + random_below(2));
    arp[8] = 2;
    put32(arp + 14, one_in(2) ? 0x0a000001 : 0x0a000000 + random_below(40));
    put32(arp + 24, 0x0a000002);
    return GUEST_HEADER + 28;
}

size_t guest_net_receive(size_t nic, uint8_t frame[GUEST_FRAME_MAX])
{
    size_t length;

    if (frames_left-- == 0) {
        printf("%llu answers\n", (unsigned long long)answers);
        exit(answers > 0 ? 0 : 1);
    }
    now += one_in(50) ? random_below(3000000) : random_below(200);
    __asan_unpoison_memory_region(frame, GUEST_FRAME_MAX);
    length = one_in(8) ? put_arp(frame) : put_ip(frame);
    memcpy(frame, mac, sizeof(mac));
    frame[5] = (uint8_t)(2 + nic);
    put16(frame + 12, length == GUEST_HEADER + 28 ? ETHERNET_ARP : ETHERNET_IP);
    if (one_in(10))
        frame[random_below((uint32_t)length)] = (uint8_t)random_below(256);
    if (one_in(10))
        length = random_below((uint32_t)length + 1);
    __asan_poison_memory_region(frame + length, GUEST_FRAME_MAX - length);
    return length;
}

size_t guest_nics(void)
{
    return 2;
}

const uint8_t *guest_net_mac(size_t nic)
{
    static const uint8_t macs[2][6] = {{2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 3}};

    return macs[nic];
}

size_t guest_net_mtu(size_t nic)
{
    (void)nic;
    return MTU;
}

uint64_t guest_clock(void)
{
    return ++now;
}

void guest_wait(uint64_t microseconds)
{
    now += microseconds;
}

void guest_write(const void *bytes, size_t length)
{
    fwrite(bytes, 1, length, stdout);
}

_Noreturn void guest_exit(enum guest_status status)
{
    exit(status == GUEST_PASSED ? 0 : 1);
}

void guest_fault(void)
{
    abort();
}

size_t text_length(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    state = strtoull(words[1], NULL, 10) * 2 + 1;
    frames_left = strtoull(words[2], NULL, 10);
    guest_main(words[3]);
    return 0;
}
