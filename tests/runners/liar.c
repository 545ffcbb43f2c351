/*
 * Does what its boot arguments say, a word after the other: say=TEXT (where
 * + is a blank, | a line's end, ^ an escape and ~ a NUL), exit=N, abort,
 * trap, out=N (to isa-debug-exit, which only virtio has), many=N, triple.
 */
#include "solo5.h"

static long number(const char *digits)
{
    long value = 0;
    int sign = *digits == '-' ? -1 : 1;

    for (digits += *digits == '-'; *digits >= '0' && *digits <= '9'; digits++)
        value = value * 10 + (*digits - '0');
    return sign * value;
}

static bool begins(const char *word, const char *with)
{
    while (*with != '\0')
        if (*word++ != *with++)
            return false;
    return true;
}

static void say(const char *text)
{
    static const char from[] = "+|^~", to[] = " \n\x1b\0";

    for (; *text != '\0' && *text != ' '; text++) {
        char byte = *text;

        for (int i = 0; i < 4; i++)
            if (*text == from[i])
                byte = to[i];
        solo5_console_write(&byte, 1);
    }
}

static void act(const char *word)
{
    if (begins(word, "say="))
        say(word + 4);
    else if (begins(word, "many="))
        for (long i = number(word + 5); i > 0; i--)
            solo5_console_write("SUCCESS\nSolo5: solo5_exit(0) called\n", 36);
    else if (begins(word, "exit="))
        solo5_exit((int)number(word + 5));
    else if (begins(word, "abort"))
        solo5_abort();
    else if (begins(word, "trap"))
        __asm__ volatile("ud2");
    else if (begins(word, "page"))
        *(volatile char *)0x7fffffff0000 = 1;
    else if (begins(word, "out="))
        __asm__ volatile("outw %w0, %w1" : : "a"(number(word + 4)), "Nd"(0x501));
    else if (begins(word, "triple"))
        __asm__ volatile("push $0; push $0; lidt (%rsp); ud2");
}

int solo5_app_main(const struct solo5_start_info *info)
{
    const char *at = info->cmdline;

    while (*at != '\0') {
        act(at);
        while (*at != '\0' && *at != ' ')
            at++;
        while (*at == ' ')
            at++;
    }
    return 0;
}
