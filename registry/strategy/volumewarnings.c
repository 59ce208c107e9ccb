/* A volume can show many keys as files. Where two of them have one path, or one the path of a folder that the
 * other is in, one of both will not be there. Rule: warningsForOverlappingVirtualPaths of
 * pkg/api/pod/warnings.go. */
#include "registry/strategy/warnings.h"

#include "registry/rules/text.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define PATHS_MAX 256 /* of one volume, that are compared each with each */

struct file {
    struct str path;
    const char *source; /* "" when all are of one */
};

struct files {
    const struct strategy_call *c;
    struct str volume;
    const char *what; /* the volume is */
    struct file file[PATHS_MAX];
    int n;
};

static bool is_in(struct str path, struct str folder)
{
    return str_starts(path, folder) && (path.n == folder.n || path.p[folder.n] == '/');
}

static const char *shown(const struct files *f, const struct file *file)
{
    const char *path = text_quoted(f->c->arena, file->path);

    return *file->source ? arena_printf(f->c->arena, "%s (%s)", path, file->source) : path;
}

static void add(struct files *f, struct str path, const char *source)
{
    struct file file = {path, source};

    while (file.path.n && file.path.p[file.path.n - 1] == '/')
        file.path.n--;
    if (f->n == PATHS_MAX)
        return;
    for (int i = 0; file.path.n && i < f->n && !findings_full(f->c->warnings); i++) {
        if (f->file[i].path.n && (is_in(file.path, f->file[i].path) || is_in(f->file[i].path, file.path)))
            warnings_add(f->c, "volume %s (%s): overlapping paths: %s with %s",
                         text_quoted(f->c->arena, f->volume), f->what, shown(f, &file),
                         shown(f, &f->file[i]));
    }
    f->file[f->n++] = file;
}

static void add_items(struct files *f, const json_t *items, const char *source)
{
    json_t *item;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)items, i, item) add(f, tree_str(item, "path"), source);
}

/* "ConfigMap \"name\"" */
static const char *named(const struct files *f, const char *kind, struct str name)
{
    return arena_printf(f->c->arena, "%s %s", kind, text_quoted(f->c->arena, name));
}

/* Where a source is, what it is called, and what names it. */
static const struct source {
    const char *field, *kind, *name;
} SOURCES[] = {
    {"configMap", "ConfigMap", "name"},
    {"secret", "Secret", "name"},
    {"downwardAPI", "DownwardAPI", NULL},
};

static void begin(struct files *f, const json_t *volume)
{
    f->volume = tree_str(volume, "name");
    f->n = 0;
}

static void whole_volume(struct files *f, const json_t *volume, const struct source *s)
{
    const json_t *source = tree_get(volume, s->field);
    const char *name = strcmp(s->field, "secret") == 0 ? "secretName" : s->name;

    if (json_array_size(tree_get(source, "items")) < 2)
        return;
    begin(f, volume);
    f->what = s->name ? named(f, s->kind, tree_str(source, name)) : s->kind;
    add_items(f, tree_get(source, "items"), "");
}

static void certificate(struct files *f, const json_t *source)
{
    static const char *const PATHS[][2] = {
        {"certificateChainPath", "PodCertificate chain"},
        {"keyPath", "PodCertificate key"},
        {"credentialBundlePath", "PodCertificate credential bundle"},
    };

    for (int i = 0; i < 3; i++) {
        if (tree_str(source, PATHS[i][0]).n)
            add(f, tree_str(source, PATHS[i][0]), PATHS[i][1]);
    }
}

static void projection(struct files *f, const json_t *source)
{
    const json_t *one;

    if (!json_object_size(source)) {
        warnings_add(f->c, "volume %s (Projected) has no sources provided",
                     text_quoted(f->c->arena, f->volume));
        return;
    }
    for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        one = tree_get(source, SOURCES[i].field);
        if (!tree_get(one, "items"))
            continue;
        add_items(f, tree_get(one, "items"),
                  SOURCES[i].name ? named(f, SOURCES[i].kind, tree_str(one, "name")) : SOURCES[i].kind);
        return;
    }
    if ((one = tree_get(source, "serviceAccountToken")))
        add(f, tree_str(one, "path"), "ServiceAccountToken");
    else if ((one = tree_get(source, "clusterTrustBundle")))
        add(f, tree_str(one, "path"),
            named(f, "ClusterTrustBundle",
                  tree_get(one, "name") ? tree_str(one, "name") : tree_str(one, "signerName")));
    else if ((one = tree_get(source, "podCertificate")))
        certificate(f, one);
}

static void projected(struct files *f, const json_t *volume)
{
    json_t *source;
    size_t i;

    begin(f, volume);
    f->what = "Projected";
    json_array_foreach(tree_get(volume, "projected.sources"), i, source) projection(f, source);
}

void warnings_of_volumes(const struct strategy_call *c, const json_t *spec)
{
    struct files *f = arena_alloc(c->arena, sizeof(*f));
    json_t *volume;
    size_t i;

    f->c = c;
    json_array_foreach(tree_get(spec, "volumes"), i, volume)
    {
        for (size_t k = 0; k < sizeof(SOURCES) / sizeof(SOURCES[0]); k++)
            whole_volume(f, volume, &SOURCES[k]);
        projected(f, volume);
    }
}
