/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See wireshark.h. Formats: Wireshark's tables "IKEv1 Decryption Table" and "ESP SAs". */
#include "wireshark.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 640u
#define HEX_MAX        (2u * CYG_KEY_MAX + 1u)

struct wireshark {
    int ike_fd, esp_fd;
};

static enum cyg_code refuse(const char *what, const char *why, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_KEYS_FILE, .got_quote = cyg_quote_text(what),
                    .want_quote = cyg_quote_text(why));
}

/* Nobody else may write to the folder: he could put a link or a file of his own there. */
static enum cyg_code open_folder(const char *folder, int *ret, struct cyg_error *err)
{
    struct stat st;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return refuse(folder, strerror(errno), err);
    }
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        const int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        return refuse(folder, strerror(why), err);
    }
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        close(fd);
        return refuse(folder, "others can write to it", err);
    }
    *ret = fd;
    return CYG_OK;
}

static enum cyg_code open_file(int folder, const char *name, int *ret, struct cyg_error *err)
{
    struct stat st;
    const int fd = openat(
        folder, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) != 0) {
        const int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        return refuse(name, strerror(why), err);
    }
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid()
        || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        close(fd);
        return refuse(name, "others can read or write it", err);
    }
    *ret = fd;
    return CYG_OK;
}

enum cyg_code wireshark_open(const char *folder, struct wireshark **ret, struct cyg_error *err)
{
    *ret = NULL;
    if (folder == NULL || folder[0] == '\0') {
        return CYG_OK;
    }
    struct wireshark *w = malloc(sizeof *w);
    int fd = -1;
    if (w == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    *w = (struct wireshark){ .ike_fd = -1, .esp_fd = -1 };
    enum cyg_code code = open_folder(folder, &fd, err);
    if (code == CYG_OK) {
        code = open_file(fd, "ikev1_decryption_table", &w->ike_fd, err);
    }
    if (code == CYG_OK) {
        code = open_file(fd, "esp_sa", &w->esp_fd, err);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (code != CYG_OK) {
        wireshark_close(w);
        return code;
    }
    *ret = w;
    return CYG_OK;
}

void wireshark_close(struct wireshark *w)
{
    if (w == NULL) {
        return;
    }
    if (w->ike_fd >= 0) {
        close(w->ike_fd);
    }
    if (w->esp_fd >= 0) {
        close(w->esp_fd);
    }
    free(w);
}

static const char *hex(struct cyg_span bytes, char text[static HEX_MAX])
{
    for (size_t i = 0; i < bytes.len && 2 * i + 2 < HEX_MAX; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
    }
    text[2 * bytes.len] = '\0';
    return text;
}

/* A line at once, not by stdio, whose buffers keep what was in them. What can't be written is not:
 * negotiations do not wait for a full disk. */
static void append(int fd, char line[static LINE_MAX_BYTES], int len)
{
    struct stat st;
    if (len > 0 && (size_t)len < LINE_MAX_BYTES && fstat(fd, &st) == 0
        && st.st_size < (off_t)WIRESHARK_MAX) {
        const ssize_t n = write(fd, line, (size_t)len);
        (void)n;
    }
    cyg_wipe(line, LINE_MAX_BYTES);
}

void wireshark_ike(struct wireshark *w, struct cyg_span cookie_i, struct cyg_span key)
{
    char line[LINE_MAX_BYTES], cookie[HEX_MAX] = "", digits[HEX_MAX] = "";
    const int len = snprintf(line, sizeof line, "%s,%s\n", hex(cookie_i, cookie), hex(key, digits));
    append(w->ike_fd, line, len);
    cyg_wipe(digits, sizeof digits);
}

/* Wireshark's names of algorithms; NULL: it has none. */
static const char *cipher_name(enum cyg_alg cipher)
{
    static const char *const names[CYG_ALG_COUNT] = {
        [CYG_ALG_NULL] = "NULL",
        [CYG_ALG_DES] = "DES-CBC [RFC2405]",
        [CYG_ALG_3DES] = "TripleDES-CBC [RFC2451]",
        [CYG_ALG_AES128] = "AES-CBC [RFC3602]",
        [CYG_ALG_AES192] = "AES-CBC [RFC3602]",
        [CYG_ALG_AES256] = "AES-CBC [RFC3602]",
        [CYG_ALG_AES128GCM16] = "AES-GCM with 16 octet ICV [RFC4106]",
        [CYG_ALG_AES192GCM16] = "AES-GCM with 16 octet ICV [RFC4106]",
        [CYG_ALG_AES256GCM16] = "AES-GCM with 16 octet ICV [RFC4106]",
    };
    return cipher < CYG_ALG_COUNT ? names[cipher] : NULL;
}

static const char *integ_name(enum cyg_alg integ)
{
    static const char *const names[CYG_ALG_COUNT] = {
        [CYG_ALG_NONE] = "NULL", /* with an AEAD cipher */
        [CYG_ALG_MD5] = "HMAC-MD5-96 [RFC2403]",
        [CYG_ALG_SHA1] = "HMAC-SHA-1-96 [RFC2404]",
        [CYG_ALG_SHA256] = "HMAC-SHA-256-128 [RFC4868]",
        [CYG_ALG_SHA256_96] = "HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]",
        [CYG_ALG_SHA384] = "HMAC-SHA-384-192 [RFC4868]",
        [CYG_ALG_SHA512] = "HMAC-SHA-512-256 [RFC4868]",
    };
    return integ < CYG_ALG_COUNT ? names[integ] : NULL;
}

void wireshark_esp(struct wireshark *w, const struct cyg_sa_spec *spec)
{
    char line[LINE_MAX_BYTES], cipher_key[HEX_MAX] = "", integ_key[HEX_MAX] = "";
    const char *cipher = cipher_name((enum cyg_alg)spec->cipher);
    const char *integ = integ_name((enum cyg_alg)spec->integ);
    if (spec->protocol != CYG_IPSEC_ESP || cipher == NULL || integ == NULL) {
        return;
    }
    /* Any addresses: a NAT may change them on the way, and the SPI says it all. */
    const int len = snprintf(
        line, sizeof line,
        "\"%s\",\"*\",\"*\",\"0x%08" PRIx32 "\",\"%s\",\"%s%s\",\"%s\",\"%s%s\"\n",
        spec->path.local.family == 6 ? "IPv6" : "IPv4", spec->spi, cipher,
        spec->cipher_key.len > 0 ? "0x" : "", hex(cyg_key_span(&spec->cipher_key), cipher_key),
        integ, spec->integ_key.len > 0 ? "0x" : "", hex(cyg_key_span(&spec->integ_key), integ_key));
    append(w->esp_fd, line, len);
    cyg_wipe(cipher_key, sizeof cipher_key);
    cyg_wipe(integ_key, sizeof integ_key);
}
