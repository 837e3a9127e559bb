/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nftables takes its orders as text. Nothing of a peer gets into it but numbers: addresses, prefix
 * lengths, ports, formatted here. */
#include "filter.h"

#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct filter {
    struct nft_ctx *nft;
    char device[32], table[48];
    uint32_t mark;
    uint16_t *ports;
    size_t n_ports;
    FILE *text; /* a memory stream with what is to be done */
    char *buffer;
    size_t size;
    /* Which prefix lengths of each domain have their set: a bit each. */
    uint64_t lengths[DOMAINS_MAX][3];
    unsigned jumps; /* domains with a lower number have a jump into their chains */
    bool stands;    /* the table was made once */
};

static enum cyg_code failed(const char *why, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_FILTER_FAILED, .got_quote = cyg_quote_text(why));
}

static bool begin_text(struct filter *f)
{
    f->text = open_memstream(&f->buffer, &f->size);
    return f->text != NULL;
}

static void end_text(struct filter *f)
{
    if (f->text != NULL) {
        fclose(f->text);
    }
    free(f->buffer);
    f->text = NULL;
    f->buffer = NULL;
}

enum cyg_code filter_commit(struct filter *f, struct cyg_error *err)
{
    if (f->text == NULL || fflush(f->text) != 0 || ferror(f->text) != 0) {
        return failed("out of memory", err);
    }
    enum cyg_code code = CYG_OK;
    if (f->size > 0 && nft_run_cmd_from_buffer(f->nft, f->buffer) != 0) {
        const char *why = nft_ctx_get_error_buffer(f->nft);
        code = failed(why != NULL ? why : "", err);
    }
    end_text(f);
    return begin_text(f) ? code : failed("out of memory", err);
}

static const char *text_of(const struct cyg_prefix *p, char buffer[CYG_ADDRESS_TEXT + 8])
{
    char address[CYG_ADDRESS_TEXT];
    snprintf(buffer, CYG_ADDRESS_TEXT + 8, "%s/%u",
             cyg_address_format(&p->address, address, sizeof(address)), p->bits);
    return buffer;
}

static const char *family_of(const struct cyg_prefix *p)
{
    return p->address.family == 4 ? "ip" : "ip6";
}

/* Clear packets that must pass: ours by their mark; on the way in what the daemon itself takes,
 * which gets the mark so that a strict reverse path check looks it up as our own; neighbour
 * discovery, without which transport mode could not even send. */
static void print_base(struct filter *f)
{
    char set_mark[48] = "";
    if (f->mark != 0) {
        snprintf(set_mark, sizeof(set_mark), "meta mark set 0x%x", f->mark);
    }
    fprintf(f->text, "add chain inet %s in { type filter hook prerouting priority -300; }\n",
            f->table);
    fprintf(f->text, "add chain inet %s out { type filter hook postrouting priority 300; }\n",
            f->table);
    fprintf(f->text, "add chain inet %s protected-in\nadd chain inet %s protected-out\n", f->table,
            f->table);
    fprintf(f->text, "add rule inet %s in iifname { \"lo\", \"%s\" } accept\n", f->table,
            f->device);
    fprintf(f->text, "add rule inet %s in fib daddr type local meta l4proto esp %s accept\n",
            f->table, set_mark);
    for (size_t i = 0; i < f->n_ports; i++) {
        fprintf(f->text, "add rule inet %s in fib daddr type local udp dport %u %s accept\n",
                f->table, f->ports[i], set_mark);
    }
    /* Later fragments have no ports. Alone they are nothing: the first one meets the rules above
     * and below. */
    fprintf(f->text,
            "add rule inet %s in fib daddr type local ip frag-off & 0x1fff != 0 %s accept\n"
            "add rule inet %s in fib daddr type local frag frag-off != 0 %s accept\n",
            f->table, set_mark, f->table, set_mark);
    fprintf(f->text, "add rule inet %s out oifname { \"lo\", \"%s\" } accept\n", f->table,
            f->device);
    if (f->mark != 0) {
        fprintf(f->text, "add rule inet %s out meta mark 0x%x accept\n", f->table, f->mark);
    } else {
        fprintf(f->text, "add rule inet %s out meta l4proto esp accept\n", f->table);
        for (size_t i = 0; i < f->n_ports; i++) {
            fprintf(f->text, "add rule inet %s out udp sport %u accept\n", f->table, f->ports[i]);
        }
    }
    static const char *const chains[] = { "in", "out" };
    for (size_t i = 0; i < CYG_LEN(chains); i++) {
        fprintf(f->text,
                "add rule inet %s %s icmpv6 type { nd-router-solicit, nd-router-advert, "
                "nd-neighbor-solicit, nd-neighbor-advert } accept\n"
                "add rule inet %s %s jump protected-%s\n",
                f->table, chains[i], f->table, chains[i], chains[i]);
    }
}

void filter_restart(struct filter *f)
{
    end_text(f);
    f->jumps = 0;
    memset(f->lengths, 0, sizeof(f->lengths));
    if (!begin_text(f)) {
        return; /* the commit says so */
    }
    /* "add" before "delete": a table that is not there is no error then. With the owner flag it is
     * gone when this process is, however it ends; the kernel refuses to "add" ours without it. */
    fprintf(f->text,
            "add table inet %s%s\ndelete table inet %s\nadd table inet %s { flags owner; }\n",
            f->table, f->stands ? " { flags owner; }" : "", f->table, f->table);
    print_base(f);
}

CYG_DEFINE_CLEANUP(struct filter *, filter_close);

enum cyg_code filter_open(const char *device, uint32_t mark, const uint16_t *ports, size_t n_ports,
                          struct filter **ret, struct cyg_error *err)
{
    CYG_CLEANUP(filter_closep) struct filter *f = calloc(1, sizeof(*f));
    if (f == NULL || (f->ports = calloc(n_ports + 1, sizeof(*ports))) == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    memcpy(f->ports, ports, n_ports * sizeof(*ports));
    f->n_ports = n_ports;
    f->mark = mark;
    snprintf(f->device, sizeof(f->device), "%s", device);
    snprintf(f->table, sizeof(f->table), "cygnet-%s", device);
    f->nft = nft_ctx_new(NFT_CTX_DEFAULT);
    if (f->nft == NULL) {
        return failed("libnftables", err);
    }
    nft_ctx_buffer_error(f->nft);
    nft_ctx_buffer_output(f->nft);
    filter_restart(f);
    enum cyg_code code = filter_commit(f, err);
    if (code != CYG_OK) {
        return code;
    }
    f->stands = true;
    *ret = CYG_TAKE(f);
    return CYG_OK;
}

void filter_close(struct filter *f)
{
    if (f == NULL) {
        return;
    }
    end_text(f);
    if (f->stands && begin_text(f)) {
        fprintf(f->text, "delete table inet %s\n", f->table);
        struct cyg_error ignored;
        enum cyg_code code = filter_commit(f, &ignored);
        (void)code; /* an administrator may have removed it */
    }
    end_text(f);
    if (f->nft != NULL) {
        nft_ctx_free(f->nft);
    }
    free(f->ports);
    free(f);
}

static bool has_set(const struct filter *f, unsigned domain, unsigned bits)
{
    return (f->lengths[domain][bits / 64] >> bits % 64 & 1) != 0;
}

/* " & 255.255.255.0", or nothing where all bits count. */
static const char *mask_of(const struct cyg_prefix *p, char buffer[CYG_ADDRESS_TEXT + 8])
{
    struct cyg_address mask = { .family = p->address.family };
    char text[CYG_ADDRESS_TEXT];
    if (p->bits == cyg_address_len(&mask) * 8) {
        return "";
    }
    for (unsigned i = 0; i < p->bits; i++) {
        mask.bytes[i / 8] |= (uint8_t)(0x80u >> i % 8);
    }
    snprintf(buffer, CYG_ADDRESS_TEXT + 8, " & %s", cyg_address_format(&mask, text, sizeof(text)));
    return buffer;
}

/* What has the domain's local side, and its remote side in the set of this length. */
static void print_rule(struct filter *f, const struct filter_domain *d,
                       const struct cyg_prefix *remote, bool in)
{
    char local[CYG_ADDRESS_TEXT + 8], mask[CYG_ADDRESS_TEXT + 8];
    const char *ip = family_of(&d->local), *here = in ? "daddr" : "saddr",
               *there = in ? "saddr" : "daddr";
    text_of(&d->local, local);
    fprintf(f->text, "add rule inet %s domain%u-%s %s %s %s %s %s%s @remote%u-%u", f->table,
            d->index, in ? "in" : "out", ip, here, local, ip, there, mask_of(remote, mask),
            d->index, remote->bits);
    if (d->local.bits > 0) {
        fprintf(f->text, " %s %s != %s", ip, there, local); /* our own side among itself */
    }
    if (d->protocol != 0) {
        fprintf(f->text, " meta l4proto %u", d->protocol);
    }
    if (d->local_port != 0) {
        fprintf(f->text, " th %s %u", in ? "dport" : "sport", d->local_port);
    }
    if (d->remote_port != 0) {
        fprintf(f->text, " th %s %u", in ? "sport" : "dport", d->remote_port);
    }
    fprintf(f->text, " counter drop\n");
}

/* The set and the rules for remote prefixes of this length. They stay until the domain goes. */
static void print_set(struct filter *f, const struct filter_domain *d,
                      const struct cyg_prefix *remote)
{
    fprintf(f->text, "add set inet %s remote%u-%u { type ipv%u_addr; }\n", f->table, d->index,
            remote->bits, d->local.address.family);
    print_rule(f, d, remote, false);
    print_rule(f, d, remote, true);
    f->lengths[d->index][remote->bits / 64] |= UINT64_C(1) << remote->bits % 64;
}

void filter_add_domain(struct filter *f, const struct filter_domain *d)
{
    if (f->text == NULL) {
        return;
    }
    static const char *const ways[] = { "out", "in" };
    for (; f->jumps <= d->index; f->jumps++) {
        for (unsigned in = 0; in < CYG_LEN(ways); in++) {
            fprintf(f->text,
                    "add chain inet %s domain%u-%s\n"
                    "add rule inet %s protected-%s jump domain%u-%s\n",
                    f->table, f->jumps, ways[in], f->table, ways[in], f->jumps, ways[in]);
        }
    }
}

void filter_remove_domain(struct filter *f, const struct filter_domain *d)
{
    if (f->text == NULL) {
        return;
    }
    /* Rules can be deleted by handle only. The jump stays: into an emptied chain it costs next to
     * nothing, and the next domain with this number uses it again. */
    for (unsigned in = 0; in < 2; in++) {
        fprintf(f->text, "flush chain inet %s domain%u-%s\n", f->table, d->index,
                in != 0 ? "in" : "out");
    }
    for (unsigned bits = 0; bits <= 128; bits++) {
        if (has_set(f, d->index, bits)) {
            fprintf(f->text, "delete set inet %s remote%u-%u\n", f->table, d->index, bits);
        }
    }
    memset(f->lengths[d->index], 0, sizeof(f->lengths[d->index]));
}

static void print_element(struct filter *f, const char *what, const struct filter_domain *d,
                          const struct cyg_prefix *remote)
{
    char text[CYG_ADDRESS_TEXT];
    fprintf(f->text, "%s element inet %s remote%u-%u { %s }\n", what, f->table, d->index,
            remote->bits, cyg_address_format(&remote->address, text, sizeof(text)));
}

void filter_add_remote(struct filter *f, const struct filter_domain *d,
                       const struct cyg_prefix *remote)
{
    if (f->text == NULL) {
        return;
    }
    if (!has_set(f, d->index, remote->bits)) {
        print_set(f, d, remote);
    }
    print_element(f, "add", d, remote);
}

void filter_remove_remote(struct filter *f, const struct filter_domain *d,
                          const struct cyg_prefix *remote)
{
    if (f->text != NULL) {
        print_element(f, "delete", d, remote);
    }
}
