/* The cache stays as it is: what it holds was opened. Which of it a write would seal in another way is not
 * looked up, all that is encrypted and older than the reload may be. What could not be opened stays so until
 * it is written, or the server starts anew and reads everything. */
#include "worker/follow/rekey.h"

#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "worker/write/stored.h"

#define LOOK_MS 1000

/* By rename or in place. */
static bool is_other(const struct stat *a, const struct stat *b)
{
    return a->st_ino != b->st_ino || a->st_dev != b->st_dev || a->st_size != b->st_size ||
           a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/* Told to the others also where nothing changed here: an earlier watcher may have known another file. */
static void reload(struct follow *f, struct stored *s)
{
    char err[512];
    int rc = stored_reload(s, err, sizeof(err));
    int64_t way = stored_way(s), told = atomic_load(f->area->sealing);

    if (rc < 0)
        log_error("%s; the old keys stay", err);
    if (way == told)
        return;
    if (rc > 0 || told != 0)
        atomic_store(f->area->resealed, atomic_load(f->area->revision));
    atomic_store(f->area->sealing, way);
    if (rc > 0)
        log_info("read %s again", f->options->encryption_provider_config);
}

int64_t rekey_run(struct rekey *r, struct follow *f, struct stored *s)
{
    int64_t now = clock_ms();
    struct stat st;

    if (!f->options->encryption_provider_config_automatic_reload)
        return -1;
    if (now < r->look_ms)
        return r->look_ms - now;
    r->look_ms = now + LOOK_MS;
    if (stat(f->options->encryption_provider_config, &st) == 0 && is_other(&st, &r->seen)) {
        r->seen = st;
        reload(f, s);
    }
    return LOOK_MS;
}
