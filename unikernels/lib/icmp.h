/* The Internet Control Message Protocol: RFC 792. */
#ifndef LIB_ICMP_H
#define LIB_ICMP_H

#include "ip.h"

/* Answers echo requests ("ping") from now on. */
void icmp_start(void);

/* Tells the sender that its packet has passed too many routers. */
void icmp_time_exceeded(const struct packet *packet);

#endif
