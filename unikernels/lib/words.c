#include "guest.h"
#include "string.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool guest_next_word(const char **cursor, struct guest_word *word)
{
    const char *at = *cursor;

    while (is_blank(*at))
        at++;
    word->start = at;
    while (*at != '\0' && !is_blank(*at))
        at++;
    word->length = (size_t)(at - word->start);
    *cursor = at;
    return word->length > 0;
}

bool guest_has_word(const char *cmdline, const char *wanted)
{
    size_t length = text_length(wanted);
    struct guest_word word;

    while (guest_next_word(&cmdline, &word)) {
        if (word.length == length && memcmp(word.start, wanted, length) == 0)
            return true;
    }
    return false;
}

static bool parse_decimal(const char *text, size_t length, uint64_t *value)
{
    uint64_t sum = 0;

    /* 18 digits always fit in 64 bits, so no overflow check is needed. */
    if (length == 0 || length > 18)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(text[i] - '0');
    }
    *value = sum;
    return true;
}

bool guest_text(const char *cmdline, const char *key, struct guest_word *text)
{
    size_t length = text_length(key);
    struct guest_word word;

    while (guest_next_word(&cmdline, &word)) {
        if (word.length <= length || word.start[length] != '=')
            continue;
        if (memcmp(word.start, key, length) == 0) {
            text->start = word.start + length + 1;
            text->length = word.length - length - 1;
            return true;
        }
    }
    return false;
}

bool guest_number(const char *cmdline, const char *key, uint64_t *value)
{
    struct guest_word text;

    return guest_text(cmdline, key, &text) &&
           parse_decimal(text.start, text.length, value);
}
