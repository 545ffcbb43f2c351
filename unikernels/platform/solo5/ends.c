/* The ends of the conformance guest on Solo5. */
#include "conformance.h"

#include "solo5.h"

_Noreturn void guest_end(uint32_t status)
{
    solo5_exit((int)status);
}
