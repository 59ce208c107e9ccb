/* A protobuf message piece by piece, and whose field a piece is. */
#ifndef REGISTRY_WALK_WIRE_H
#define REGISTRY_WALK_WIRE_H

#include "registry/schema.h"
#include "shm/base/str.h"

enum wire { WIRE_VARINT, WIRE_FIXED64, WIRE_LEN, WIRE_FIXED32 = 5 };

/* One field on the wire: bytes for WIRE_LEN, value for the others. */
struct wire_piece {
    uint32_t number;
    enum wire wire;
    uint64_t value;
    struct str bytes;
    struct str whole; /* with its tag */
};

/* Takes the next piece off a message. false: at its end, or it is cut or no message, and then *err says so.
 */
bool wire_next(struct str *in, struct wire_piece *p, const char **err);
/* The field `number` of a message of type t, or of the one embedded in it at path `inlined` (0: t itself).
 * *embedded: number is that of an embedded message, and the field is one of those inside. NULL: unknown. */
const struct schema_field *wire_field(const struct schema_type *t, uint16_t inlined, uint32_t number,
                                      bool *embedded);
/* The path to an embedded message one level further in: outer number | inner number << 8, as schema.h has it.
 */
uint16_t wire_path(uint16_t inlined, uint32_t number);

#endif
