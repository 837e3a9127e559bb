/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificate and certificate request payloads. */
#include "cert.h"

enum cyg_code cert_decode(struct cyg_span body, struct cert *ret, struct cyg_error *err)
{
    struct cyg_reader r = cyg_reader_of(body);
    struct cert c;
    c.encoding = cyg_reader_u8(&r);
    c.data = cyg_reader_rest(&r);
    if (!cyg_reader_ok(&r)) { /* H-029, H-030 */
        return CYG_FAIL(err, CYG_R_CERT_SHORT, .payload = PAYLOAD_CERT);
    }
    *ret = c;
    return CYG_OK;
}

void cert_encode(const struct cert *cert, struct cyg_writer *w)
{
    cyg_writer_u8(w, cert->encoding);
    cyg_writer_bytes(w, cert->data);
}
