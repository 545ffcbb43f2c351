/*
 * A web server with one page.  Arguments make it a bad one: status=500,
 * late=MILLISECONDS, die-after=REQUESTS, silent, wrong.
 */
#include "string.h"
#include "stack.h"
#include "tcp.h"

#define PORT 80
#define PAGE_MAX 65536

struct text {
    char bytes[PAGE_MAX + 256];
    size_t length;
    size_t head; /* as long as the header, which is all that HEAD wants */
};

const char *const guest_nic_names[] = {"service", NULL};
const char *const guest_disk_names[] = {NULL};

static struct text page, not_found, not_allowed, too_large;
static uint64_t late, die_after, requests;
static bool silent;

static void add(struct text *text, const char *more)
{
    size_t length = text_length(more);

    memcpy(text->bytes + text->length, more, length);
    text->length += length;
}

static void add_decimal(struct text *text, uint64_t value)
{
    char digit[] = {(char)('0' + value % 10), '\0'};

    if (value >= 10)
        add_decimal(text, value / 10);
    add(text, digit);
}

/* The body is repeated up to that size; 0: it stands there once. */
static void make(struct text *text, uint64_t status, const char *reason,
                 const char *headers, const char *body, uint64_t size)
{
    size_t once = text_length(body);

    add(text, "HTTP/1.1 ");
    add_decimal(text, status);
    add(text, reason);
    add(text, "\r\nServer: bootmatrix\r\nContent-Type: text/plain\r\n");
    add(text, headers);
    add(text, "Content-Length: ");
    add_decimal(text, size > 0 ? size : once);
    add(text, "\r\n\r\n");
    text->head = text->length;
    if (size == 0)
        size = once;
    for (uint64_t i = 0; i < size; i++)
        text->bytes[text->length++] = body[i % once];
}

static bool begins(const uint8_t *at, const char *text)
{
    return memcmp(at, text, text_length(text)) == 0;
}

/* Returns how long the request's header is, or 0: its end has not come. */
static size_t header_length(const struct tcp_connection *c)
{
    for (size_t i = 4; i <= c->input_length; i++) {
        if (begins(c->input + i - 4, "\r\n\r\n"))
            return i;
    }
    return 0;
}

static char lower(uint8_t c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Finds a piece of the header, whose letters may be small or capital. */
static bool mentions(const uint8_t *header, size_t length, const char *text)
{
    size_t wanted = text_length(text);

    for (size_t i = 0; i + wanted <= length; i++) {
        size_t same = 0;

        while (same < wanted && lower(header[i + same]) == text[same])
            same++;
        if (same == wanted)
            return true;
    }
    return false;
}

/* The header is at least as long as any of these texts: see header_length(). */
static void reply(struct tcp_connection *c, const uint8_t *header)
{
    bool head = begins(header, "HEAD");
    const uint8_t *path = header + (head ? 5 : 4);
    const struct text *text = &page;

    if (!head && !begins(header, "GET ")) {
        text = &not_allowed;
        tcp_close(c); /* a body may follow, which we do not want */
    } else if (!begins(path, "/ ")) {
        text = &not_found;
    }
    tcp_reply(c, text->bytes, head ? text->head : text->length);
}

static void serve(struct tcp_connection *c)
{
    size_t length = header_length(c);

    if (length == 0 && c->input_length == TCP_INPUT) {
        tcp_close(c);
        tcp_reply(c, too_large.bytes, too_large.length);
    } else if (length == 0 && c->peer_closed) {
        tcp_close(c);
    }
    if (length == 0 || silent || guest_clock() - c->input_since < late)
        return;
    if (die_after > 0 && requests++ == die_after)
        guest_fault();
    if (mentions(c->input, length, "connection: close") ||
        mentions(c->input, length, " http/1.0\r\n"))
        c->closing = true;
    reply(c, c->input);
    tcp_take(c, c->closing ? c->input_length : length);
}

static void make_texts(const char *cmdline)
{
    uint64_t status = 200, size = 0;
    bool wrong = guest_has_word(cmdline, "wrong");

    guest_number(cmdline, "status", &status);
    guest_number(cmdline, "size", &size);
    if (size > PAGE_MAX || status > 999) {
        guest_puts("usage: size=0..65536 status=0..999\n");
        guest_exit(GUEST_FAILED);
    }
    make(&page, status, status == 200 ? " OK" : " As Requested", "",
         wrong ? "Something else\n" : "Hello from bootmatrix\n", size);
    make(&not_found, 404, " Not Found", "", "There is one page: /\n", 0);
    make(&not_allowed, 405, " Method Not Allowed",
         "Allow: GET, HEAD\r\nConnection: close\r\n", "GET or HEAD\n", 0);
    make(&too_large, 431, " Request Header Fields Too Large",
         "Connection: close\r\n", "Too long\n", 0);
}

void guest_main(const char *cmdline)
{
    make_texts(cmdline);
    guest_number(cmdline, "late", &late);
    late *= 1000;
    guest_number(cmdline, "die-after", &die_after);
    silent = guest_has_word(cmdline, "silent");
    stack_start(cmdline, 1);
    tcp_listen(PORT, serve);
    guest_puts("ready\n");
    for (;;) {
        stack_turn(5000);
        tcp_turn();
    }
}
