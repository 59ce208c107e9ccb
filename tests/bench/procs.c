#include "tests/bench/procs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* /proc/PID/task/TID/schedstat: run time in ns. Finer than the clock ticks of stat. */
static int64_t thread_ns(pid_t pid, const char *tid)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, tid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    long long ns = 0;
    if (fscanf(f, "%lld", &ns) != 1)
        ns = 0;
    fclose(f);
    return ns;
}

static int64_t process_ns(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    if (!d)
        return 0;
    int64_t sum = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] != '.')
            sum += thread_ns(pid, e->d_name);
    }
    closedir(d);
    return sum;
}

int64_t procs_cpu_ns(const struct procs *p)
{
    int64_t sum = 0;
    for (int i = 0; i < p->n; i++)
        sum += process_ns(p->pid[i]);
    return sum;
}

void procs_memory(const struct procs *p, int64_t *pss, int64_t *anon)
{
    *pss = *anon = 0;
    for (int i = 0; i < p->n; i++) {
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)p->pid[i]);
        FILE *f = fopen(path, "r");
        if (!f)
            continue;
        while (fgets(line, sizeof line, f)) {
            long long kb;
            if (sscanf(line, "Pss: %lld kB", &kb) == 1)
                *pss += kb * 1024;
            else if (sscanf(line, "Pss_Anon: %lld kB", &kb) == 1)
                *anon += kb * 1024;
        }
        fclose(f);
    }
}

int64_t procs_anon(const struct procs *p)
{
    int64_t sum = 0;
    for (int i = 0; i < p->n; i++) {
        char path[64], line[256];
        long long kb;
        snprintf(path, sizeof path, "/proc/%d/status", (int)p->pid[i]);
        FILE *f = fopen(path, "r");
        while (f && fgets(line, sizeof line, f)) {
            if (sscanf(line, "RssAnon: %lld kB", &kb) == 1) {
                sum += kb * 1024;
                break;
            }
        }
        if (f)
            fclose(f);
    }
    return sum;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], buf[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return -1;
    size_t n = fread(buf, 1, sizeof buf - 1, f);
    fclose(f);
    buf[n] = 0;
    char *close = strrchr(buf, ')');
    int ppid = -1;
    if (!close || sscanf(close + 1, " %*c %d", &ppid) != 1)
        return -1;
    return ppid;
}

static void add_one(struct procs *p, pid_t pid)
{
    for (int i = 0; i < p->n; i++) {
        if (p->pid[i] == pid)
            return;
    }
    if (p->n < PROCS_MAX)
        p->pid[p->n++] = pid;
}

void procs_add_tree(struct procs *p, pid_t pid)
{
    add_one(p, pid);
    for (int before = -1; before != p->n;) {
        before = p->n;
        DIR *d = opendir("/proc");
        if (!d)
            return;
        for (struct dirent *e; (e = readdir(d));) {
            pid_t c = (pid_t)atoi(e->d_name), up = c > 0 ? parent_of(c) : -1;
            for (int i = 0; c > 0 && up > 0 && i < p->n; i++) {
                if (p->pid[i] == up) {
                    add_one(p, c);
                    break;
                }
            }
        }
        closedir(d);
    }
}

int procs_parse(struct procs *p, const char *list)
{
    while (*list) {
        char *end;
        long v = strtol(list, &end, 10);
        if (end == list || v <= 0 || (*end && *end != ','))
            return -EINVAL;
        procs_add_tree(p, (pid_t)v);
        list = *end ? end + 1 : end;
    }
    return 0;
}
