/* Discovery documents from the schema: /api, /apis, /apis/GROUP, APIResourceLists, and aggregated discovery v2. */
#ifndef REGISTRY_WALK_DISCOVERY_H
#define REGISTRY_WALK_DISCOVERY_H

#include "registry/schema.h"
#include "shm/base/buf.h"

/* server_address: "host:port" for serverAddressByClientCIDRs of /api. */
void discovery_api_versions(struct buf *out, const char *server_address);
void discovery_group_list(struct buf *out);
bool discovery_group(struct buf *out, struct str group);
bool discovery_resources(struct buf *out, struct str group, struct str version);
/* APIGroupDiscoveryList; core: for /api, else for /apis. version "v2" or "v2beta1". */
void discovery_aggregated(struct buf *out, bool core, const char *version);

#endif
