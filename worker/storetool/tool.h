/* What the two stores and the file of a move have in common. */
#ifndef WORKER_STORETOOL_TOOL_H
#define WORKER_STORETOOL_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/options.h"
#include "shm/base/str.h"

struct etcdkey;
struct stored;

/* Below the prefix in etcd, while an import is not done: the hash of its file. */
#define TOOL_NOTE_KEY "cubed/import"
#define TOOL_SHA_BYTES 64 /* in hexadecimal */

/* One object. key: as etcd's, without the prefix. value: its envelope, not encrypted. */
struct tool_entry {
    struct str key, value;
    int64_t create_revision, mod_revision;
};

/* Stands for a set of entries in any order: their number, and the sum of their SHA-256. */
struct tool_sum {
    int64_t count;
    uint64_t part[4];
};

struct tool {
    const struct options *options;
    struct etcdkey *keys;
    struct stored *stored;
    int64_t said_ms;
    bool terminal, line_open;
    char err[640]; /* why it failed, one line */
};

/* Takes what is read, one by one. Views end with the call. false: tool->err says why. */
struct tool_visit {
    void *arg;
    bool (*begin)(void *arg, int64_t revision); /* of all that follows; may be NULL */
    bool (*entry)(void *arg, const struct tool_entry *e);
    int64_t left_out, short_lived; /* filled: keys that are no objects cubed serves; those with an end */
};

/* A store. All but close return false (open: NULL) with tool->err filled. */
struct tool_store {
    void *(*open)(struct tool *t, bool writes);
    void (*close)(void *store);
    /* Everything, as it is at one moment. */
    bool (*read)(void *store, struct tool_visit *v);
    /* The store is empty, or an import of the file with this hash began in it. revision: the file's. */
    bool (*begin)(void *store, const char *sha, int64_t revision);
    /* What is there with the same content stays; with another one it is an error. Adds to sum what `read` has
     * to find. */
    bool (*put)(void *store, const struct tool_entry *e, int n, struct tool_sum *sum);
    bool (*finish)(void *store);
};
extern const struct tool_store tool_etcd, tool_embedded;

void tool_sum_add(struct tool_sum *s, struct str key, struct str value);
/* Keeps the first reason. Returns false. */
bool tool_fail(struct tool *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* false and t->err: SIGINT or SIGTERM, which are blocked, came. */
bool tool_goes_on(struct tool *t);
/* Says so on stderr: often on a terminal, every few seconds elsewhere. total 0: not known. */
void tool_progress(struct tool *t, const char *doing, int64_t done, int64_t total);
/* Ends a progress line. */
void tool_progress_end(struct tool *t);

#endif
