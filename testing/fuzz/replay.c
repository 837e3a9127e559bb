/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for libFuzzer in `make check`: gives every file of the target's corpus to it, in the
 * order of their names, each as an exact heap copy. The name of the file is printed before, so the
 * log of a crash ends with the input that did it. `x_fuzz FILE...` runs just these. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Run one file. Returns 1 if it was one, 0 for what isn't a regular file, and ends the program when
 * it can't be read. */
static unsigned replay_file(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &st) != 0) {
        printf("Bail out! %s: %s\n", path, strerror(errno));
        exit(99);
    }
    if (!S_ISREG(st.st_mode)) {
        fclose(file);
        return 0;
    }
    size_t len = (size_t)st.st_size;
    uint8_t *data = malloc(len);
    if ((data == NULL && len > 0) || fread(data, 1, len, file) != len) {
        printf("Bail out! %s: can't be read\n", path);
        exit(99);
    }
    fclose(file);
    printf("# %s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 1;
}

static unsigned replay_folder(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    if (count < 0) {
        printf("# %s: %s\n", folder, strerror(errno));
        return 0;
    }
    unsigned inputs = 0;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (names[i]->d_name[0] != '.') {
            if (asprintf(&path, "%s/%s", folder, names[i]->d_name) < 0) {
                abort();
            }
            inputs += replay_file(path);
            free(path);
        }
        free(names[i]);
    }
    free(names);
    return inputs;
}

/* testing/fuzz/corpus/x for the program .../x_fuzz; malloc'd. */
static char *corpus_of(const char *program)
{
    const char *top = getenv("CYG_SRCDIR");
    const char *slash = strrchr(program, '/');
    const char *name = slash != NULL ? slash + 1 : program;
    size_t len = strlen(name);
    if (len > 5 && strcmp(name + len - 5, "_fuzz") == 0) {
        len -= 5;
    }
    char *folder = NULL;
    if (asprintf(&folder, "%s/testing/fuzz/corpus/%.*s", top != NULL ? top : ".", (int)len, name)
        < 0) {
        abort();
    }
    return folder;
}

int main(int argc, char **argv)
{
    if (LLVMFuzzerInitialize != NULL) {
        LLVMFuzzerInitialize(&argc, &argv);
    }
    unsigned inputs = 0;
    if (argc > 1) {
        for (int i = 1; i < argc; i++) {
            inputs += replay_file(argv[i]);
        }
    } else {
        char *folder = corpus_of(argv[0]);
        printf("1..1\n");
        inputs = replay_folder(folder);
        /* A corpus that got lost must not look like one that passed. */
        printf("%sok 1 - replayed %u inputs of %s\n", inputs > 0 ? "" : "not ", inputs, folder);
        free(folder);
    }
    return inputs > 0 ? 0 : 1;
}
