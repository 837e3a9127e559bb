/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders to the data plane and their answers. An exchange waits for a set of them; what was ordered
 * for one that has ended is undone. Thread: the engine's. */
#pragma once

#include "child_sa.h"

/* Reserve an SPI; the exchange goes on with result->spi. */
enum step_result kernel_reserve(struct exchange *x, enum cyg_ipsec_protocol protocol,
                                kernel_handler *then, struct cyg_error *err);
/* Give back one that no SA took. */
void kernel_release(struct engine *engine, enum cyg_ipsec_protocol protocol,
                    const struct cyg_path *path, uint32_t spi);

/* Install: inbound alone; outbound and policy; or all three. The exchange goes on when all are
 * answered, with the first failure if there is one. Keys NULL: that direction is not installed. */
enum step_result kernel_install(struct exchange *x, struct child_sa *child,
                                const struct child_keys *in, const struct child_keys *out,
                                kernel_handler *then, struct cyg_error *err);

/* Take away what was ordered for a child. */
void kernel_remove(struct child_sa *child);

/* Its SAs have a new path. */
void kernel_move(struct child_sa *child);

/* Ask for the counters. */
void kernel_query(struct child_sa *child);

/* An answer. */
void kernel_answer(struct engine *engine, uint64_t tag, const struct cyg_kernel_result *result);

/* Forget all that is not answered. */
void kernel_clear(struct engine *engine);
