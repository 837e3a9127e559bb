/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What another process, the gateway under load, has used. */
#include "bench.h"

#include <dirent.h>
#include <stdio.h>

double bench_process_cpu(unsigned pid)
{
    char path[64];
    double sum = 0;
    (void)snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL) {
        bench_die("no process %u", pid);
    }
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        char file[400];
        unsigned long long ns;
        (void)snprintf(file, sizeof file, "%s/%s/schedstat", path, task->d_name);
        FILE *in = task->d_name[0] == '.' ? NULL : fopen(file, "re");
        if (in != NULL) {
            sum += fscanf(in, "%llu", &ns) == 1 ? (double)ns * 1e-9 : 0;
            fclose(in);
        }
    }
    closedir(tasks);
    return sum;
}

double bench_process_memory(unsigned pid)
{
    char path[64], line[128];
    unsigned long long kib, sum = 0;
    (void)snprintf(path, sizeof path, "/proc/%u/smaps_rollup", pid);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        bench_die("no %s", path);
    }
    while (fgets(line, sizeof line, in) != NULL) {
        if (sscanf(line, "Private_Dirty: %llu kB", &kib) == 1
            || sscanf(line, "Private_Clean: %llu kB", &kib) == 1) {
            sum += kib;
        }
    }
    fclose(in);
    return (double)sum * 1024;
}

double bench_process_overflows(unsigned pid)
{
    char path[64], line[512];
    unsigned long long in, no_port, errors, out, overflows = 0;
    (void)snprintf(path, sizeof path, "/proc/%u/net/snmp", pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "Udp: %llu %llu %llu %llu %llu", &in, &no_port, &errors, &out,
                     &overflows);
    }
    if (file != NULL) {
        fclose(file);
    }
    return (double)overflows;
}
