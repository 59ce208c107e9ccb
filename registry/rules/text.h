/* Runes, and strings quoted as the reference prints them in messages (Go's %q). */
#ifndef REGISTRY_RULES_TEXT_H
#define REGISTRY_RULES_TEXT_H

#include <stdint.h>
#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "shm/base/str.h"

#define RUNE_ERROR 0xfffdu

/* The first rune of n > 0 bytes; returns its length. Bad UTF-8 (overlong, surrogate, truncated) gives
 * RUNE_ERROR and 1. */
size_t text_rune(const char *p, size_t n, uint32_t *rune);
/* Writes 1 to 4 bytes; returns how many. A rune that can't be encoded becomes U+FFFD. */
size_t text_put_rune(char out[4], uint32_t rune);
/* s with U+FFFD for every byte that is not UTF-8. */
void text_clean(struct buf *out, struct str s);
/* Whether Go prints the rune as it is. */
bool text_printable(uint32_t rune);
/* s in double quotes with Go's escapes: what can't be printed becomes \n, \x00, \u00ad, ... */
void text_quote(struct buf *out, struct str s);
const char *text_quoted(struct arena *a, struct str s);
/* A double as Go's encoding/json prints it: shortest digits, exponent below 1e-6 and from 1e21. */
void text_put_double(struct buf *out, double v);
/* As strconv.FormatFloat(v, 'g', -1, bits) prints it; bits 32 or 64. */
void text_put_double_g(struct buf *out, double v, int bits);
/* As fmt's %v prints it. */
void text_put_double_v(struct buf *out, double v);

#endif
