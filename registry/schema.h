/* What an object is, as data: types, fields, resources. Built-in ones are compiled from registry/schema/ *.schema
 * into static tables; custom resources later fill the same structs at run time. Read-only. */
#ifndef REGISTRY_SCHEMA_H
#define REGISTRY_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/str.h"

enum schema_kind {
    SCHEMA_STRUCT,
    SCHEMA_LIST, /* elem. With a group_version (ExtraValue, Verbs): a message {1: repeated elem} in protobuf */
    SCHEMA_MAP,  /* string -> elem */
    SCHEMA_STRING,
    SCHEMA_BOOL,
    SCHEMA_INT32,
    SCHEMA_INT64,
    SCHEMA_FLOAT64,
    SCHEMA_BYTES,       /* base64 string */
    SCHEMA_TIME,        /* RFC 3339, seconds; null when zero */
    SCHEMA_MICROTIME,
    SCHEMA_DURATION,    /* Go duration string */
    SCHEMA_QUANTITY,    /* string or number in, canonical string out */
    SCHEMA_INTORSTRING,
    SCHEMA_RAW,         /* any JSON (RawExtension, apiextensions JSON). Where fields are given, they are those of the
                           protobuf message only (JSONSchemaPropsOrBool ...) */
    SCHEMA_FIELDS,      /* FieldsV1: a JSON object kept as it is */
};

enum schema_list { LIST_PLAIN, LIST_ATOMIC, LIST_SET, LIST_MAP, MAP_ATOMIC, MAP_GRANULAR };
enum schema_patch { PATCH_DEFAULT, PATCH_MERGE = 1, PATCH_REPLACE = 2, PATCH_RETAIN_KEYS = 4 }; /* a set */

enum schema_field_flag {
    FIELD_OMITEMPTY = 1,
    FIELD_OMITZERO = 2,
    FIELD_POINTER = 4,   /* absent differs from zero */
    FIELD_REQUIRED = 8,
    FIELD_OPTIONAL = 16,
    FIELD_INLINED = 32,  /* came from an embedded struct: flattened for JSON, nested in protobuf */
    FIELD_DEPRECATED = 64,
};

struct schema_type {
    const char *name;        /* "Container"; lists and maps: as written */
    const char *group_version; /* "core/v1", "meta/v1", ...; NULL for unnamed types. schema_type finds no strings */
    const char *openapi;     /* "io.k8s.api.core.v1.Container"; NULL for unnamed types */
    const char *description; /* own words; may be "" */
    enum schema_kind kind;
    const struct schema_type *elem;
    const struct schema_field *fields; /* declaration order: the order of JSON output; inlined ones flattened */
    int nfields;
    const uint16_t *by_name;           /* field indexes sorted by json name */
    const char *const *values;         /* enum constants, or NULL */
    int nvalues;
    bool open_values; /* values are the well-known ones: others are allowed, and OpenAPI does not list them */
    bool atomic;      /* struct: one owner for the whole of it (x-kubernetes-map-type: atomic) */
    const struct schema_union *one_of; /* struct: which of its fields exclude each other, or NULL */
    const uint16_t *by_number; /* field indexes as they stand in protobuf: by number, those of an embedded message
                                  together at its place; fields without a number first */
};

/* x-kubernetes-unions of OpenAPI: at most one of the fields is set; the discriminator (or NULL) says which. */
struct schema_union {
    const char *discriminator;
    const char *const *fields; /* JSON names, NULL-terminated */
};

struct schema_field {
    const char *json;
    uint16_t json_n;
    uint16_t flags;
    uint16_t number;        /* protobuf; 0: none (TypeMeta) */
    uint16_t inline_number; /* protobuf number of the embedded message this field is nested in; 0: none. Nested
                               twice: outer number in the low byte, inner one in the high byte */
    uint8_t wire;           /* 0 varint, 1 fixed64, 2 len */
    uint8_t repeated;
    uint8_t list;           /* enum schema_list */
    uint8_t patch;          /* set of enum schema_patch */
    const char *patch_key;
    const char *const *list_keys; /* NULL-terminated, or NULL */
    const char *dflt;       /* JSON text of the declared default, or NULL */
    const char *description;
    const struct schema_type *type;
    const char *embedded;   /* names of the structs it is embedded in, dotted, as type errors name them; NULL: none */
};

enum schema_verb {
    VERB_CREATE = 1, VERB_DELETE = 2, VERB_DELETECOLLECTION = 4, VERB_GET = 8, VERB_LIST = 16, VERB_PATCH = 32,
    VERB_UPDATE = 64, VERB_WATCH = 128,
};

enum schema_resource_flag {
    RESOURCE_NAMESPACED = 1,
    RESOURCE_STATUS = 2,         /* has a status subresource: main writes keep status, status writes keep the rest */
    RESOURCE_GENERATION = 4,     /* metadata.generation is set to 1 and raised when spec changes */
    RESOURCE_MUST_HAVE_RV = 8,   /* update needs metadata.resourceVersion (no unconditional update) */
    RESOURCE_PUT_CREATES = 16,   /* PUT on a name that does not exist creates it */
    RESOURCE_VIRTUAL = 32,       /* nothing stored: reviews, bindings, componentstatuses */
    RESOURCE_RETURNS_DELETED = 64, /* a delete is answered with the object instead of a Status */
    RESOURCE_INTERNAL = 128, /* stored, but served to nobody: found by id alone */
};

struct schema_selectable {
    const char *label;   /* "spec.nodeName" */
    const char *path;    /* where the value is, dotted; same as label unless it is an alias */
    bool indexed;
};

struct schema_subresource {
    const char *name;             /* "status" */
    const char *kind;             /* "Pod", "Scale", ... */
    const char *group, *version;  /* of the kind when it is not the parent's; NULL otherwise */
    uint32_t verbs;
    const struct schema_type *type; /* NULL when the body has no schema (proxy, exec) */
};

struct schema_resource {
    uint32_t id;            /* hash_str32("group/plural") of the *storage* resource: stable on disk */
    const char *group;      /* "" for core */
    const char *version;
    const char *plural, *singular, *kind;
    const char *api_version; /* "v1", "apps/v1": what goes into apiVersion */
    const char *description;
    uint32_t verbs, flags;
    const char *const *short_names; /* NULL-terminated */
    const char *const *categories;
    const struct schema_type *type;
    const struct schema_selectable *selectable; /* metadata.name/.namespace not listed; position = slot in records */
    int nselectable;
    const struct schema_subresource *subresources;
    int nsubresources;
    const struct schema_resource *storage; /* the resource in whose form it is stored; itself for most */
    const char *name_rule;  /* "dns-subdomain", "dns-label", "dns1035-label", "path-segment", ...: generic name check */
    const char *etcd_prefix; /* "services/specs": the key in etcd is /registry/PREFIX/[NAMESPACE/]NAME; NULL: virtual */
    const char *stored_version; /* apiVersion of the bytes in etcd: "v1", "apps/v1"; NULL: virtual */
    const char *warning; /* that every answer about it carries: how it is deprecated; NULL: none */
};

struct schema_group_version {
    const char *group, *version;
    const struct schema_resource *const *resources; /* in discovery order */
    int nresources;
};
struct schema_group {
    const char *name;
    const struct schema_group_version *versions; /* preferred first */
    int nversions;
};

/* All groups in discovery order, core first. */
const struct schema_group *schema_groups(int *n);
const struct schema_group_version *schema_group_version(struct str group, struct str version);
const struct schema_resource *schema_resource(struct str group, struct str version, struct str plural);
/* By kind, for bodies and owner references. */
const struct schema_resource *schema_resource_of_kind(struct str group, struct str version, struct str kind);
/* The storage resource with this id. */
const struct schema_resource *schema_resource_of_id(uint32_t id);
/* Every served resource; n set. */
const struct schema_resource *const *schema_resources(int *n);
/* Every resource in whose form something is stored, internal ones too, by id; n set. */
const struct schema_resource *const *schema_stored(int *n);
/* "/rangeallocations": the internal resource of that group and plural. */
const struct schema_resource *schema_internal(struct str group_and_plural);
const struct schema_subresource *schema_subresource(const struct schema_resource *r, struct str name);
/* By group/version as in facts ("core/v1", "meta/v1") and type name; NULL if there is none. */
const struct schema_type *schema_type(struct str group_version, struct str name);
/* Field by JSON name (exact case); NULL. Binary search. */
const struct schema_field *schema_field(const struct schema_type *t, struct str json);
/* All named types, for OpenAPI. */
const struct schema_type *const *schema_types(int *n);

#endif
