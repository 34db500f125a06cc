/* GASP_TEST=<case> runs that case of a test program alone; `*` stands for any characters. It is linked into each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void only(void)
{
    const char *name = getenv("GASP_TEST");
    if (name != NULL)
        cmocka_set_test_filter(name);
}
