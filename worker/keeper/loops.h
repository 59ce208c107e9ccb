/* The keeper from inside: what its loops share. Each loop is a file: it hears of changes and does tasks. */
#ifndef WORKER_KEEPER_LOOPS_H
#define WORKER_KEEPER_LOOPS_H

#include "registry/schema.h"
#include "shm/cache/log.h"
#include "shm/ring/ring.h"
#include "worker/keeper/graph.h"
#include "worker/keeper/keeper.h"
#include "worker/keeper/queue.h"
#include "worker/write/deletion.h"
#include "worker/write/write.h"

#define KEEPER_MAGIC 0x6b656570u
#define KEEPER_RUNNING_MAX 64

#define ADDRESS_BYTES 46 /* as INET6_ADDRSTRLEN */
#define MASTERLEASE_RESOURCE "/masterleases"

struct expiry; /* events.c */
struct compaction;
struct identity;
struct masterleases;
struct etcd_client;
struct ports;       /* ranges.c */
struct definitions; /* definitions.c */

/* A task under way: its write, and what happens when that is over. */
struct job {
    struct keeper *k;
    struct work *work;
    struct arena *arena;
    int writes; /* under way */
    bool failed;
    bool waits; /* not all could be done: it comes again when something changes */
    /* All writes are over. Returns true when the job goes on (more writes were begun). NULL: it ends. */
    bool (*next)(struct job *j);
    int step;
    void *state;
};

struct keeper {
    unsigned magic;
    struct context *ctx;
    struct consumer consumer;
    struct queue *queue;
    struct graph *graph;
    struct expiry *expiry;
    struct ports *ports;
    struct definitions *definitions;
    int running;
    struct job *jobs[KEEPER_RUNNING_MAX];
    bool scanned, alone;
    struct etcd_client *etcd; /* NULL: the store is embedded */
    struct compaction *compaction;
    struct identity *identity;
    struct masterleases *masterleases;
    int64_t servers_look_ms;
    bool leaving; /* this server goes: what says that it is there is taken away */
};

/* A state of the cache, with a reference; NULL: the cache can't be read now. */
struct snapshot *keeper_snapshot(struct keeper *k);
const struct schema_resource *keeper_resource(const char *group, const char *version, const char *plural);
/* The object as tree, in the job's arena (dropped with it); NULL: absent. */
json_t *keeper_tree(struct job *j, const struct schema_resource *r, struct str ns, struct str name);
/* Begins a write of the job with this step; arg is the write's. */
void job_write(struct job *j, const struct schema_resource *r, struct str ns, struct str name,
               enum write_verdict (*step)(struct write *, const json_t *, json_t **), void *arg);
void job_delete(struct job *j, const struct schema_resource *r, struct str ns, struct str name,
                const struct delete_options *o);
/* Whether no kube-controller-manager holds a fresh lease: then its part is ours. */
bool keeper_alone(struct keeper *k);

/* bootstrap.c */
void bootstrap_start(struct keeper *k);
void bootstrap_event(struct keeper *k, const struct event *e);
void bootstrap_run(struct job *j);
/* Whether the namespaces among them are there. */
bool bootstrap_done(struct snapshot *s);
/* Looks at what says where the servers are. */
void bootstrap_endpoints(struct keeper *k);
/* The address that members of the cluster reach this server at. */
void bootstrap_address(const struct options *o, char out[ADDRESS_BYTES]);
/* compaction.c */
struct compaction *compaction_new(struct keeper *k);
void compaction_free(struct compaction *c);
void compaction_tick(struct compaction *c);
/* identity.c */
struct identity *identity_new(void);
void identity_free(struct identity *id);
void identity_run(struct job *j);
void identity_tick(struct keeper *k);
void identity_leave(struct keeper *k);
/* masterleases.c */
struct masterleases *masterleases_new(struct keeper *k);
void masterleases_free(struct masterleases *m);
void masterleases_run(struct job *j);
void masterleases_tick(struct keeper *k);
void masterleases_event(struct keeper *k, const struct event *e);
void masterleases_leave(struct keeper *k);
/* Of all servers, sorted; new reference. */
json_t *masterleases_addresses(struct context *ctx);
/* servers.c */
enum servers_by { SERVERS_BY_LEASE, SERVERS_BY_COUNT, SERVERS_NOT_HERE };
enum servers_by servers_by(const struct options *o);
/* What the endpoints of the `kubernetes` Service should name; new reference. NULL: not known, or not ours. */
json_t *servers_addresses(const struct keeper *k);
/* Takes the reference. */
json_t *servers_sorted(json_t *all);
void servers_tick(struct keeper *k);
void servers_leave(struct keeper *k);
/* trust.c: what is in the two ConfigMaps (new reference), and putting it right (true: something was wrong) */
json_t *trust_certificates(const struct keeper *k);
bool trust_settle_certificates(struct write *w, const json_t *old, json_t **obj);
json_t *trust_first_day(const struct keeper *k);
bool trust_settle_first_day(struct write *w, const json_t *old, json_t **obj);
/* events.c */
struct expiry *expiry_new(void);
void expiry_free(struct expiry *x);
void expiry_event(struct keeper *k, const struct event *e);
void expiry_tick(struct keeper *k);
void expiry_run(struct job *j);
/* namespaces.c */
void namespaces_event(struct keeper *k, const struct event *e);
void namespaces_run(struct job *j);
/* flowcontrol.c */
void flowcontrol_start(struct keeper *k);
void flowcontrol_event(struct keeper *k, const struct event *e);
void flowcontrol_run(struct job *j);
/* definitions.c */
struct definitions *definitions_new(void);
void definitions_free(struct definitions *d);
void definitions_event(struct keeper *k, const struct event *e);
void definitions_run(struct job *j);
/* apiservices.c */
void apiservices_start(struct keeper *k);
void apiservices_run(struct job *j);
/* ranges.c */
struct ports *ports_new(void);
void ports_free(struct ports *p);
void ranges_event(struct keeper *k, const struct event *e);
void ranges_tick(struct keeper *k);
void ranges_service(struct job *j);
void ranges_address(struct job *j);
void ranges_ports(struct job *j);
/* garbage.c */
void garbage_event(struct keeper *k, const struct event *e);
void garbage_dependent(struct job *j);
void garbage_foreground(struct job *j);
void garbage_orphan(struct job *j);
void garbage_protected(struct job *j);

#endif
