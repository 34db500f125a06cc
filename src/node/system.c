/* Clock and random source of the operating system. The only place of the library that asks for either, besides the loop,
 * which has its own clock for timers. */
#include <time.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

#include "gasp/node.h"
#include "net/loop.h"

/** What one call of getentropy gives at most (getentropy(3)). */
enum { ENTROPY_CALL_MAX = 256 };

static uint64_t clock_ms(clockid_t id)
{
    struct timespec t = {0, 0};
    if (clock_gettime(id, &t) != 0 || t.tv_sec < 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

gasp_time gasp_node_now(void)
{
    return (gasp_time){clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME)};
}

gasp_err gasp_node_entropy(uint8_t *out, size_t len)
{
    while (len > 0) {
        size_t part = len < ENTROPY_CALL_MAX ? len : ENTROPY_CALL_MAX;
        if (getentropy(out, part) != 0)
            return GASP_ERR_NET_IO;
        out += part;
        len -= part;
    }
    return GASP_OK;
}

const char *gasp_node_uv_version(void)
{
    return gasp_loop_library();
}
