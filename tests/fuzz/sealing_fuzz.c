/* --encryption-provider-config as anybody may have typed it: it is taken or refused with a line, and what was taken
 * seals and opens. */
#include <stdint.h>
#include <string.h>
#include "shm/base/must.h"
#include "worker/write/sealing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal_and_open(const struct sealing *s, const char *group, const char *plural)
{
    const struct seal *seal = sealing_of(s, str_of(group), str_of(plural));
    struct buf sealed = {0}, room = {0};
    struct str plain;
    char err[256];
    bool stale;

    must(seal_value(seal, STR("/registry/k"), STR("plain"), &sealed) == 0);
    if (seal_open(seal, STR("/registry/k"), buf_view(&sealed), &room, &plain, &stale, err, sizeof(err)))
        must(str_is(plain, "plain") && !stale);
    buf_free(&sealed);
    buf_free(&room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    char err[512] = "";
    struct sealing *s = sealing_read(text, "/f.yaml", err, sizeof(err));

    if (!s) {
        must(err[0] != 0);
        return 0;
    }
    must(sealing_digest(s) != 0);
    seal_and_open(s, "", "secrets");
    seal_and_open(s, "apps", "deployments");
    sealing_free(s);
    return 0;
}
