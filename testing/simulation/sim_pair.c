/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two hosts and a tunnel between them: the plain ones, and ones out of the seed. */
#include "simulation/sim_internal.h"

struct sim_pair sim_pair(struct sim *s)
{
    struct sim_pair p = { .a = sim_host(s, "a", "192.0.2.1"),
                          .b = sim_host(s, "b", "198.51.100.1") };
    sim_tunnel(p.a, p.b);
    return p;
}

/* ---- by chance ---- */

static const char *pick(struct sim *s, const char *const *choices, size_t n)
{
    return choices[sim_below(s, (uint32_t)n)];
}

static void choose_algorithms(struct sim *s, struct sim_pair p)
{
    static const char *const ciphers[] = { "aes128", "aes192", "aes256", "3des" };
    static const char *const hashes[] = { "md5", "sha1", "sha256", "sha384", "sha512" };
    static const char *const groups[] = { "modp1024", "modp2048",   "modp3072", "ecp256",
                                          "ecp384",   "curve25519", "ecp521" };
    static const char *const esp[] = { "aes128-sha256", "aes256-sha1",     "aes256-sha512",
                                       "3des-md5",      "aes128gcm16",     "aes256gcm16",
                                       "aes192-sha384", "aes128-sha256_96" };
    char ike[96], child[96];
    const char *group = pick(s, groups, CYG_LEN(groups));
    (void)snprintf(ike, sizeof(ike), "%s-%s-%s", pick(s, ciphers, CYG_LEN(ciphers)),
                   pick(s, hashes, CYG_LEN(hashes)), group);
    group = pick(s, groups, CYG_LEN(groups));
    bool pfs = sim_chance(s, 500);
    (void)snprintf(child, sizeof(child), "%s%s%s", pick(s, esp, CYG_LEN(esp)), pfs ? "-" : "",
                   pfs ? group : "");
    sim_peersf(p.a, "b.proposals = %s\nb.net.esp_proposals = %s", ike, child);
    sim_peersf(p.b, "a.proposals = %s\na.net.esp_proposals = %s", ike, child);
    sim_tell(s, "phase 1 %s, phase 2 %s", ike, child);
}

/* One or two selectors on each side, IPv4 or IPv6. */
static void choose_flows(struct sim *s, struct sim_pair p)
{
    bool v6 = sim_chance(s, 300);
    const char *left = v6 ? "fd01::/64" : "10.1.0.0/16";
    const char *right = v6 ? "fd02::/64" : "10.2.0.0/16";
    const char *more_left = sim_chance(s, 300) ? v6 ? ", fd11::/64" : ", 10.11.0.0/24" : "";
    const char *more_right = sim_chance(s, 300) ? v6 ? ", fd12::/64" : ", 10.12.0.5[udp/1701]" : "";
    sim_peersf(p.a, "b.net.local_ts = %s%s\nb.net.remote_ts = %s%s", left, more_left, right,
               more_right);
    sim_peersf(p.b, "a.net.local_ts = %s%s\na.net.remote_ts = %s%s", right, more_right, left,
               more_left);
}

static void choose_pace(struct sim *s, struct sim_host *h)
{
    cyg_usec slow = sim_chance(s, 200) ? 400 * CYG_MSEC : 3 * CYG_MSEC;
    struct sim_kernel_settings kernel = sim_kernel_get(h);
    for (int lane = 0; lane < CYG_LANES; lane++) {
        sim_jobs_set(h, (enum cyg_lane)lane,
                     &(struct sim_jobs){ .limit = 64, .min_us = 10, .max_us = slow });
    }
    kernel.max_us = sim_chance(s, 200) ? 300 * CYG_MSEC : CYG_MSEC;
    sim_kernel_set(h, &kernel);
}

/* An end behind a box is found by identity, from anywhere; a responder by a forwarded port. */
static void choose_nat(struct sim *s, struct sim_pair p)
{
    uint32_t dice = sim_below(s, 10);
    if (dice < 5) {
        return;
    }
    struct sim_nat *nat = sim_nat(s, "box-a", "203.0.113.1", sim_chance(s, 500));
    sim_nat_behind(nat, p.a);
    sim_peers(p.a, "b.local_addrs = 10.9.0.1\nb.local_id = a.example.org");
    sim_peers(p.b, "a.remote_addrs = %any\na.remote_id = a.example.org");
    if (dice < 8) {
        return;
    }
    struct sim_nat *other = sim_nat(s, "box-b", "203.0.113.2", true);
    sim_nat_behind(other, p.b);
    sim_nat_forward(other, 500, p.b);
    sim_nat_forward(other, 4500, p.b);
    sim_peers(p.a, "b.remote_addrs = 203.0.113.2\nb.remote_id = b.example.org");
    sim_peers(p.b, "a.local_addrs = %any\na.local_id = b.example.org");
}

struct sim_pair sim_pair_by_chance(struct sim *s)
{
    bool v6 = sim_chance(s, 250);
    struct sim_pair p = { .a = sim_host(s, "a", v6 ? "2001:db8:a::1" : "10.9.0.1"),
                          .b = sim_host(s, "b", v6 ? "2001:db8:b::1" : "198.51.100.1") };
    sim_tunnel(p.a, p.b);
    choose_algorithms(s, p);
    choose_flows(s, p);
    choose_pace(s, p.a);
    choose_pace(s, p.b);
    if (!v6) {
        choose_nat(s, p);
    }
    return p;
}

/* ---- up ---- */

static size_t pairs_of(const struct sim_host *h)
{
    return sim_sas(h) / 2;
}

bool sim_is_up(struct sim_host *a, struct sim_host *b, size_t pairs)
{
    struct sim *s = a->sim;
    if (pairs > 0 && (pairs_of(a) != pairs || pairs_of(b) != pairs)) {
        return sim_complain(s, "%s has %zu SA pairs, %s %zu", a->name, pairs_of(a), b->name,
                            pairs_of(b));
    }
    if (pairs_of(a) == 0) {
        return sim_complain(s, "%s has no SA", a->name);
    }
    return sim_keys_agree(s) && sim_settled(s);
}

bool sim_up(struct sim_host *a, struct sim_host *b, size_t pairs)
{
    struct sim *s = a->sim;
    uint64_t order = sim_initiate(a, b->name, "net");
    if (!sim_run_order(a, order, 300 * CYG_SEC)) {
        char text[512] = "no result";
        if (sim_result(a, order) != NULL) {
            (void)cyg_error_format(sim_result(a, order), text, sizeof(text));
        }
        return sim_complain(s, "the order of %s did not succeed: %s", a->name, text);
    }
    if (!sim_run_idle(s, 300 * CYG_SEC)) {
        return sim_complain(s, "no end of it");
    }
    return sim_is_up(a, b, pairs);
}
