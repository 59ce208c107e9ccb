/* The health checks by path; the handler is in handlers.h. */
#ifndef WORKER_HANDLERS_HEALTH_H
#define WORKER_HANDLERS_HEALTH_H

/* Calls fn for each path that answers ("/livez", "/livez/ping", ...). */
void health_paths(void (*fn)(void *arg, const char *path), void *arg);

#endif
