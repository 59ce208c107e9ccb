/* The store on etcd: what store.h promises, by conditional transactions. What a key and a value look like in
 * etcd is handed down: this room knows no kinds. */
#ifndef SHM_STORE_ETCD_BACKEND_H
#define SHM_STORE_ETCD_BACKEND_H

#include "shm/store/etcd/client.h"
#include "shm/store/store.h"

/* A call that a write was, for statistics. */
struct etcd_backend_call {
    uint32_t resource;
    enum store_verb verb;
    bool creates;
    int64_t ns;
    bool failed; /* etcd did not do it; that an expectation did not hold is no failure */
};

struct etcd_backend_hooks {
    void *arg;
    /* Appends the key in etcd of what op writes. Returns 0 or negative errno, which the write ends with. */
    int (*key)(void *arg, const struct store_op *op, struct buf *out);
    /* Appends what is stored for a draft under that key; *ttl_s: 0, or seconds after which it shall be gone.
     * Returns 0 or negative errno. */
    int (*value)(void *arg, struct str etcd_key, const struct record *draft, struct buf *out, int64_t *ttl_s);
    /* Each call that was answered, or given up. NULL: nobody counts. */
    void (*called)(void *arg, const struct etcd_backend_call *call);
};

/* One a process, on its client, which stays the caller's and must outlive it. Never NULL. Answers come from
 * the client's turn; store_poll does nothing; store_revision is the newest revision that this process got an
 * answer with: a fresh read asks fresh.h instead. timeout_ms: of a write, 0: 10 s. */
struct store *etcd_backend_open(struct etcd_client *c, const struct etcd_backend_hooks *hooks,
                                int64_t timeout_ms);

#endif
