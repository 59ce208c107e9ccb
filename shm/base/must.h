/* For programming errors only: says where, aborts; the master replaces the process. Input is never asserted
 * on. */
#ifndef SHM_BASE_MUST_H
#define SHM_BASE_MUST_H

_Noreturn void must_fail(const char *what, const char *file, int line);

#define must(cond)                                                                                           \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            must_fail(#cond, __FILE__, __LINE__);                                                            \
    } while (0)

/* Every handle's first member is `unsigned magic`. */
#define must_be(h, m) must((h) != NULL && (h)->magic == (m))

#endif
