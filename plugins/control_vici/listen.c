/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listening socket of the control protocol. */
#include "listen.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUPS_MAX 64u

struct listener {
    int fd;
    bool has_group;
    gid_t group;
    struct sockaddr_un address;
};

static enum cyg_code refused(const char *path, const char *why, struct cyg_error *err)
{
    return CYG_FAIL(err, CYG_R_VICI_SOCKET, .got_quote = cyg_quote_text(path),
                    .want_quote = cyg_quote_text(why));
}

/* The folder of path: there, a folder and no link, and writable by root and us only. */
static enum cyg_code check_folder(const char *path, const struct listener *l, struct cyg_error *err)
{
    char folder[sizeof l->address.sun_path];
    memcpy(folder, path, strlen(path) + 1); /* it fits sun_path, listener_open has checked */
    char *slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder) {
        return refused(path, "it needs a folder of its own", err);
    }
    *slash = '\0';
    const bool made = mkdir(folder, 0750) == 0;
    if (!made && errno != EEXIST) {
        return refused(folder, strerror(errno), err);
    }
    if (made && l->has_group && chown(folder, (uid_t)-1, l->group) != 0) {
        return refused(folder, strerror(errno), err);
    }
    struct stat st;
    if (lstat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return refused(folder, "this is not a folder", err);
    }
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refused(folder, "others may write to this folder: chmod go-w", err);
    }
    return CYG_OK;
}

/* Remove a socket that a daemon left behind; refuse anything else. */
static enum cyg_code clear_path(const struct listener *l, struct cyg_error *err)
{
    const char *path = l->address.sun_path;
    struct stat st;
    if (lstat(path, &st) != 0) {
        return errno == ENOENT ? CYG_OK : refused(path, strerror(errno), err);
    }
    if (!S_ISSOCK(st.st_mode)) {
        return refused(path, "there is something that is not a socket", err);
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool served =
        fd >= 0 && connect(fd, (const struct sockaddr *)&l->address, sizeof l->address) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (served) {
        return refused(path, "another daemon serves this socket", err);
    }
    return unlink(path) == 0 ? CYG_OK : refused(path, strerror(errno), err);
}

static enum cyg_code bind_socket(struct listener *l, struct cyg_error *err)
{
    const char *path = l->address.sun_path;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0) {
        return refused(path, strerror(errno), err);
    }
    /* Between bind and chmod nobody else may connect. */
    const mode_t before = umask(0177);
    const int failed = bind(l->fd, (const struct sockaddr *)&l->address, sizeof l->address);
    const int why = errno;
    umask(before);
    if (failed != 0) {
        return refused(path, strerror(why), err);
    }
    if ((l->has_group && chown(path, (uid_t)-1, l->group) != 0) || chmod(path, 0660) != 0
        || listen(l->fd, 16) != 0) {
        return refused(path, strerror(errno), err);
    }
    return CYG_OK;
}

static enum cyg_code find_group(struct listener *l, const char *name, struct cyg_error *err)
{
    char text[4096]; /* its members too: more than this is no group for a control socket */
    struct group group, *found = NULL;
    if (getgrnam_r(name, &group, text, sizeof text, &found) != 0 || found == NULL) {
        return refused(name, "there is no such group", err);
    }
    l->has_group = true;
    l->group = group.gr_gid;
    return CYG_OK;
}

enum cyg_code listener_open(const char *uri, const char *group, struct listener **ret,
                            struct cyg_error *err)
{
    static const char scheme[] = "unix://";
    struct listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return CYG_FAIL(err, CYG_R_NOMEM);
    }
    l->fd = -1;
    l->address.sun_family = AF_UNIX;
    const char *path = uri + sizeof scheme - 1;
    enum cyg_code code = CYG_OK;
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0 || strlen(path) >= sizeof l->address.sun_path
        || path[0] != '/') {
        code = refused(uri, "it must be unix:// and an absolute path of at most 107 bytes", err);
    } else {
        memcpy(l->address.sun_path, path, strlen(path) + 1);
    }
    if (code == CYG_OK && group != NULL) {
        code = find_group(l, group, err);
    }
    if (code == CYG_OK) {
        code = check_folder(path, l, err);
    }
    if (code == CYG_OK) {
        code = clear_path(l, err);
    }
    if (code == CYG_OK) {
        code = bind_socket(l, err);
    }
    if (code != CYG_OK) {
        listener_close(l);
        return code;
    }
    *ret = l;
    return CYG_OK;
}

void listener_folder(const char *uri, char ret[LISTEN_PATH_MAX])
{
    const char *path = uri + strlen("unix://");
    const char *slash = strrchr(path, '/');
    const size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    if (len > 0 && len < LISTEN_PATH_MAX) {
        memcpy(ret, path, len);
        ret[len] = '\0';
    } else {
        ret[0] = '\0'; /* listener_open refuses such a one */
    }
}

int listener_fd(const struct listener *listener)
{
    return listener->fd;
}

/* Whether the peer's groups, as the kernel knows them, have ours. */
static bool in_group(int fd, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    socklen_t len = sizeof groups;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0) {
        return false;
    }
    for (size_t i = 0; i < len / sizeof groups[0]; i++) {
        if (groups[i] == group) {
            return true;
        }
    }
    return false;
}

static bool may_connect(const struct listener *l, int fd, struct listen_peer *ret)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return false;
    }
    *ret = (struct listen_peer){ .uid = peer.uid,
                                 .is_trusted = peer.uid == 0 || peer.uid == geteuid() };
    return ret->is_trusted || (l->has_group && (peer.gid == l->group || in_group(fd, l->group)));
}

int listener_accept(struct listener *listener, struct listen_peer *ret, bool *ret_full)
{
    const int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    *ret_full =
        fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS);
    if (fd >= 0 && !may_connect(listener, fd, ret)) {
        close(fd);
        return -1;
    }
    return fd;
}

void listener_close(struct listener *listener)
{
    if (listener == NULL) {
        return;
    }
    if (listener->fd >= 0) {
        close(listener->fd);
        (void)unlink(listener->address.sun_path);
    }
    free(listener);
}
