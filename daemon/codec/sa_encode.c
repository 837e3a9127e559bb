/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the body of an SA payload. */
#include "sa.h"

void sa_encode_begin(struct sa_encoder *e, struct cyg_writer *w, uint32_t doi, uint32_t situation)
{
    *e = (struct sa_encoder){ .w = w };
    cyg_writer_u32(w, doi);
    cyg_writer_u32(w, situation);
}

static void close_transform(struct sa_encoder *e)
{
    if (e->in_transform) {
        cyg_writer_close(e->w, e->transform);
        e->in_transform = false;
    }
}

static void close_proposal(struct sa_encoder *e)
{
    close_transform(e);
    if (e->in_proposal) {
        cyg_writer_patch_u8(e->w, e->count_at, e->n_transforms);
        cyg_writer_close(e->w, e->proposal);
        e->in_proposal = false;
    }
}

/* The generic header of a proposal or transform: last of its chain until another follows. */
static struct cyg_block open_part(struct sa_encoder *e, size_t *ret_next_at)
{
    *ret_next_at = cyg_writer_offset(e->w);
    cyg_writer_u8(e->w, PAYLOAD_NONE);
    cyg_writer_u8(e->w, 0);
    return cyg_writer_open(e->w, 2);
}

void sa_encode_proposal(struct sa_encoder *e, uint8_t number, uint8_t protocol, struct cyg_span spi)
{
    close_proposal(e);
    if (e->n_proposals > 0) {
        cyg_writer_patch_u8(e->w, e->next_proposal_at, PAYLOAD_P);
    }
    if (spi.len > UINT8_MAX || e->n_proposals == UINT8_MAX) {
        e->w->failed = true;
        return;
    }
    e->proposal = open_part(e, &e->next_proposal_at);
    e->in_proposal = true;
    e->n_proposals++;
    e->n_transforms = 0;
    cyg_writer_u8(e->w, number);
    cyg_writer_u8(e->w, protocol);
    cyg_writer_u8(e->w, (uint8_t)spi.len);
    e->count_at = cyg_writer_offset(e->w);
    cyg_writer_u8(e->w, 0);
    cyg_writer_bytes(e->w, spi);
}

/* What every new transform needs of those before. Returns false when it does not fit. */
static bool add_transform(struct sa_encoder *e)
{
    close_transform(e);
    if (!e->in_proposal || e->n_transforms == UINT8_MAX) {
        e->w->failed = true;
        return false;
    }
    if (e->n_transforms > 0) {
        cyg_writer_patch_u8(e->w, e->next_transform_at, PAYLOAD_T);
    }
    e->n_transforms++;
    return true;
}

void sa_encode_transform(struct sa_encoder *e, uint8_t number, uint8_t id)
{
    if (add_transform(e)) {
        e->transform = open_part(e, &e->next_transform_at);
        e->in_transform = true;
        cyg_writer_u8(e->w, number);
        cyg_writer_u8(e->w, id);
        cyg_writer_u16(e->w, 0);
    }
}

void sa_encode_transform_raw(struct sa_encoder *e, const struct sa_transform *t)
{
    if (add_transform(e)) {
        e->next_transform_at = cyg_writer_offset(e->w);
        cyg_writer_u8(e->w, PAYLOAD_NONE);
        cyg_writer_bytes(e->w, cyg_span_after(t->whole, 1));
    }
}

void sa_encode_end(struct sa_encoder *e)
{
    close_proposal(e);
}
