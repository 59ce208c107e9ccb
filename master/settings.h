/* What the options mean on this machine: everything a flag left open. */
#ifndef MASTER_SETTINGS_H
#define MASTER_SETTINGS_H

#include "master/pki.h"
#include "shm/base/arena.h"
#include "shm/base/options.h"

struct settings {
    struct arena *arena;
    struct pki_request pki;
    const char *names[PKI_NAMES_MAX];
};

/* Fills in *o what is open (workers, directories, advertise address, certificate files) and says in *s what
 * pki_ensure shall make. *s points into itself and into *o. Strings live in the arena. */
void settings_complete(struct settings *s, struct arena *arena, struct options *o);

#endif
