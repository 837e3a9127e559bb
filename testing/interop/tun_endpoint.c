/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One end of a tunnel whose SAs are given by hand: loads cygnet-kernel-tun.so as the daemon would,
 * installs a pair of SAs and a policy, and carries packets until its input ends. For
 * kernel_tun_test.bats, which puts two of them into network namespaces.
 *
 *   tun_endpoint PLUGIN.so SETTINGS key=value...
 *     local, remote: addresses of the path      local_ts, remote_ts: selectors
 *     encap=yes|no  mode=tunnel|transport       cipher, integ: keywords of algorithm.def
 *     spi_in, spi_out, reqid, life_bytes, keepalive=yes|no
 *
 * Prints "ready", then an answer to each line of its input: "query", "rekey" (another pair, SPIs
 * one higher, the old one removed), "move ADDRESS:PORT", "quit"; and lines "event ...". */
#include "io/sockets.h"
#include "unit/crypto_gnutls/crypto.h"
#include "unit/kernel_tun/fake_host.h"

#include <cygnet/plugin.h>
#include <cygnet/settings_load.h>

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct endpoint {
    struct fake_host fake;
    const struct cyg_plugin *plugin;
    const struct cyg_kernel_ops *ops;
    void *self;
    uint64_t tag;
    struct cyg_sa_spec in, out;
    struct cyg_policy_spec policy;
    unsigned told_events;
};

static _Noreturn void die(const char *what, const struct cyg_error *err)
{
    char text[512] = "";
    if (err != NULL) {
        cyg_error_format(err, text, sizeof(text));
    }
    fprintf(stderr, "tun_endpoint: %s %s\n", what, text);
    exit(1);
}

static const char *value_of(int argc, char **argv, const char *key, const char *fallback)
{
    size_t len = strlen(key);
    for (int i = 3; i < argc; i++) {
        if (strncmp(argv[i], key, len) == 0 && argv[i][len] == '=') {
            return argv[i] + len + 1;
        }
    }
    if (fallback == NULL) {
        die(key, NULL);
    }
    return fallback;
}

static bool is_yes(int argc, char **argv, const char *key)
{
    return strcmp(value_of(argc, argv, key, "no"), "yes") == 0;
}

static struct cyg_address address(const char *text)
{
    struct cyg_address a;
    struct cyg_error err;
    if (cyg_address_parse(cyg_span_str(text), true, &a, &err) != CYG_OK) {
        die(text, &err);
    }
    return a;
}

static struct cyg_selector selector(const char *text)
{
    struct cyg_selector s;
    struct cyg_error err;
    if (cyg_selector_parse(cyg_span_str(text), &s, &err) != CYG_OK) {
        die(text, &err);
    }
    return s;
}

/* Keys follow from the SPI, so that both ends have the same. */
static void make_keys(struct cyg_sa_spec *sa)
{
    const struct cyg_alg_info *c = cyg_alg_info((enum cyg_alg)sa->cipher);
    const struct cyg_alg_info *i = cyg_alg_info((enum cyg_alg)sa->integ);
    sa->cipher_key.len = (uint8_t)(c->key_bits / 8u + c->salt);
    sa->integ_key.len = i != NULL ? i->mac_key : 0;
    for (size_t n = 0; n < CYG_KEY_MAX; n++) {
        sa->cipher_key.data[n] = (uint8_t)(sa->spi * 31 + n);
        sa->integ_key.data[n] = (uint8_t)(sa->spi * 17 + n);
    }
}

static enum cyg_alg algorithm(const char *keyword)
{
    const struct cyg_alg_info *info = cyg_alg_by_keyword(cyg_span_str(keyword));
    return info != NULL ? info->id : CYG_ALG_NONE;
}

static void read_arguments(struct endpoint *e, int argc, char **argv)
{
    bool encap = is_yes(argc, argv, "encap");
    struct cyg_path path = { address(value_of(argc, argv, "local", NULL)),
                             address(value_of(argc, argv, "remote", NULL)) };
    path.local.port = encap ? 4500 : 0;
    if (path.remote.port == 0 && encap) {
        path.remote.port = 4500;
    }
    bool transport = strcmp(value_of(argc, argv, "mode", "tunnel"), "transport") == 0;
    struct cyg_sa_spec sa = {
        .reqid = (uint32_t)strtoul(value_of(argc, argv, "reqid", "1"), NULL, 0),
        .udp_encap = encap,
        .protocol = CYG_IPSEC_ESP,
        .mode = transport ? CYG_MODE_TRANSPORT : CYG_MODE_TUNNEL,
        .cipher = (uint8_t)algorithm(value_of(argc, argv, "cipher", "aes128gcm16")),
        .integ = (uint8_t)algorithm(value_of(argc, argv, "integ", "none")),
        .path = path,
        .flow = { selector(value_of(argc, argv, "local_ts", NULL)),
                  selector(value_of(argc, argv, "remote_ts", NULL)) },
        .replay_window = 256,
        .life_bytes = strtoull(value_of(argc, argv, "life_bytes", "0"), NULL, 0),
        .keepalive = is_yes(argc, argv, "keepalive"),
    };
    e->in = e->out = sa;
    e->in.inbound = true;
    e->in.spi = (uint32_t)strtoul(value_of(argc, argv, "spi_in", NULL), NULL, 0);
    e->out.spi = (uint32_t)strtoul(value_of(argc, argv, "spi_out", NULL), NULL, 0);
    e->policy = (struct cyg_policy_spec){
        .reqid = sa.reqid, .protocol = CYG_IPSEC_ESP, .mode = sa.mode, .path = path, .flow = sa.flow
    };
}

static struct cyg_kernel_result order(struct endpoint *e, struct cyg_kernel_op *op)
{
    struct cyg_kernel_result result;
    op->tag = ++e->tag;
    if (e->ops->submit(e->self, op) != CYG_OK) {
        die("submit", NULL);
    }
    if (!fake_host_wait(&e->fake, op->tag, &result)) {
        die("no answer", NULL);
    }
    if (result.code != CYG_OK) {
        die("refused:", &result.error);
    }
    return result;
}

static struct cyg_kernel_result sa_order(struct endpoint *e, enum cyg_kernel_op_type type,
                                         struct cyg_sa_spec *sa)
{
    if (type == CYG_KERNEL_SA_ADD) {
        make_keys(sa);
    }
    struct cyg_kernel_op op = { .type = type, .sa = *sa };
    return order(e, &op);
}

static void print_events(struct endpoint *e)
{
    static const char *const names[] = { "", "expired", "acquire", "mapping" };
    pthread_mutex_lock(&e->fake.lock);
    for (; e->told_events < e->fake.n_events && e->told_events < FAKE_EVENTS; e->told_events++) {
        const struct cyg_kernel_event *event = &e->fake.events[e->told_events];
        char text[CYG_ADDRESS_TEXT];
        printf("event %s spi=0x%" PRIx32 " reqid=%" PRIu32 " %s\n", names[event->type], event->spi,
               event->reqid, cyg_endpoint_format(&event->path.remote, text, sizeof(text)));
    }
    pthread_mutex_unlock(&e->fake.lock);
}

static void print_query(struct endpoint *e, const char *name, struct cyg_sa_spec *sa)
{
    struct cyg_kernel_result r = sa_order(e, CYG_KERNEL_SA_QUERY, sa);
    printf("%s packets=%" PRIu64 " bytes=%" PRIu64 " integrity=%" PRIu64 " replays=%" PRIu64 "\n",
           name, r.packets, r.bytes, r.integrity_failures, r.replays);
}

static void rekey(struct endpoint *e)
{
    struct cyg_sa_spec in = e->in, out = e->out;
    e->in.spi++;
    e->out.spi++;
    sa_order(e, CYG_KERNEL_SA_ADD, &e->in);
    sa_order(e, CYG_KERNEL_SA_ADD, &e->out);
    sa_order(e, CYG_KERNEL_SA_REMOVE, &out);
    sa_order(e, CYG_KERNEL_SA_REMOVE, &in);
    printf("rekeyed\n");
}

static void move(struct endpoint *e, const char *to)
{
    e->in.path.remote = e->out.path.remote = address(to);
    sa_order(e, CYG_KERNEL_SA_MOVE, &e->in);
    sa_order(e, CYG_KERNEL_SA_MOVE, &e->out);
    printf("moved\n");
}

static void talk(struct endpoint *e)
{
    char line[128];
    while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "quit\n") != 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "query") == 0) {
            print_query(e, "in", &e->in);
            print_query(e, "out", &e->out);
        } else if (strcmp(line, "rekey") == 0) {
            rekey(e);
        } else if (strncmp(line, "move ", 5) == 0) {
            move(e, line + 5);
        }
        print_events(e);
        printf(".\n");
        fflush(stdout);
    }
}

static void load(struct endpoint *e, const char *path, const char *settings)
{
    struct cyg_error err = { 0 };
    struct cyg_settings *loaded = NULL;
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    e->plugin = object != NULL ? dlsym(object, "cyg_plugin") : NULL;
    if (e->plugin == NULL) {
        die(dlerror(), NULL);
    }
    e->ops = e->plugin->features[0].ops;
    const struct cyg_settings_section section = { e->plugin->name, e->plugin->settings };
    if (cyg_settings_load(settings, &section, 1, &loaded, &err) != CYG_OK) {
        die(settings, &err);
    }
    fake_host_init(&e->fake, loaded, test_crypto());
    struct cyg_address any[2] = { { .family = 4 }, { .family = 6 } };
    if (sockets_open(any, 2, 500, 4500, FAKE_MARK, &e->fake.sockets, &err) != CYG_OK
        || e->plugin->load(&e->fake.host, &e->self, &err) != CYG_OK) {
        die("load:", &err);
    }
    for (unsigned i = 0; i < e->fake.n_log; i++) {
        char text[512];
        fprintf(stderr, "log: %s\n", cyg_error_format(&e->fake.log[i], text, sizeof(text)));
    }
}

int main(int argc, char **argv)
{
    static struct endpoint e;
    if (argc < 4) {
        die("PLUGIN.so SETTINGS key=value...", NULL);
    }
    read_arguments(&e, argc, argv);
    load(&e, argv[1], argv[2]);
    struct cyg_kernel_op policy = { .type = CYG_KERNEL_POLICY_ADD, .policy = e.policy };
    sa_order(&e, CYG_KERNEL_SA_ADD, &e.in);
    sa_order(&e, CYG_KERNEL_SA_ADD, &e.out);
    order(&e, &policy);
    printf("ready\n");
    fflush(stdout);
    talk(&e);
    policy.type = CYG_KERNEL_POLICY_REMOVE;
    sa_order(&e, CYG_KERNEL_SA_REMOVE, &e.out);
    sa_order(&e, CYG_KERNEL_SA_REMOVE, &e.in);
    order(&e, &policy);
    e.plugin->unload(e.self);
    for (unsigned i = 0; i < e.fake.n_log && i < FAKE_LOG_MAX; i++) {
        char text[512];
        fprintf(stderr, "log: %s\n", cyg_error_format(&e.fake.log[i], text, sizeof(text)));
    }
    sockets_close(e.fake.sockets);
    return 0;
}
