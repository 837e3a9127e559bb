/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Giving up what is not needed. */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static enum cyg_code failed(struct cyg_error *err, const char *what)
{
    return CYG_FAIL(err, CYG_R_PRIVILEGES_FAILED, .got_quote = cyg_quote_text(what));
}

enum cyg_code privileges_harden(struct cyg_error *err)
{
    const struct rlimit none = { 0, 0 };
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return failed(err, strerrordesc_np(errno));
    }
#ifndef __SANITIZE_ADDRESS__ /* LeakSanitizer traces its own process */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return failed(err, strerrordesc_np(errno));
    }
#endif
    return CYG_OK;
}

enum cyg_code privileges_drop(bool may_chown, struct cyg_error *err)
{
    static const unsigned keep[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_CHOWN };
    const size_t n = may_chown ? CYG_LEN(keep) : CYG_LEN(keep) - 1;
    /* The state of libcap-ng is this thread's; forget what another call has left there. */
    capng_clear(CAPNG_SELECT_ALL);
    capng_setpid(0);
    capng_get_caps_process();
    unsigned have = 0;
    for (size_t i = 0; i < n; i++) {
        have |= capng_have_capability(CAPNG_PERMITTED, keep[i]) != 0 ? 1u << i : 0;
    }
    const bool may_set_bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    capng_clear(CAPNG_SELECT_BOTH);
    for (size_t i = 0; i < n; i++) {
        if ((have & 1u << i) != 0
            && capng_updatev(CAPNG_ADD,
                             (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
                             keep[i], -1)
                   != 0) {
            return failed(err, "capng_update");
        }
    }
    if (capng_apply(may_set_bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0) {
        return failed(err, "capng_apply");
    }
    return CYG_OK;
}
