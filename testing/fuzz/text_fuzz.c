/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A datagram as text: every line is bounded and printable (H-181), and so is every reason. */
#include "codec/text.h"
#include "fuzz/fuzz.h"

#include <string.h>

static void check_line(void *context, const char *line)
{
    (void)context;
    FUZZ_CHECK(strlen(line) < TEXT_LINE);
    for (const char *c = line; *c != '\0'; c++) {
        FUZZ_CHECK(*c >= 0x20 && *c < 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct text_sink sink = { check_line, NULL };
    struct cyg_span datagram = { data, len };
    struct message m;
    struct cyg_error err = { 0 };
    char line[TEXT_LINE];
    enum cyg_code code = CYG_MALFORMED;
    if (len <= FUZZ_DATAGRAM && header_decode(datagram, &m.header, &err) == CYG_OK) {
        check_line(NULL, header_format_line(&m.header, line, sizeof(line)));
        code = message_decode_chain(m.header.next, cyg_span_after(datagram, HEADER_LEN), true, &m,
                                    &err);
    }
    if (code != CYG_OK) {
        check_line(NULL, cyg_error_format(&err, line, sizeof(line)));
        return 0;
    }
    message_format(&m, &sink);
    check_line(NULL, message_format_line(&m, line, sizeof(line)));
    for (size_t size = 1; size <= 32; size++) {
        char *small = malloc(size);
        message_format_line(&m, small, size);
        FUZZ_CHECK(memchr(small, '\0', size) != NULL);
        free(small);
    }
    return 0;
}
