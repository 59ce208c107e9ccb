/* Where to send requests, and as whom. */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>

struct target {
    char name[64]; /* in the report */
    char host[256];
    struct sockaddr_in addr;
    bool tls;
    SSL_CTX *ctx_h1, *ctx_h2; /* by ALPN */
    char *token;
};

/* url: https://HOST:PORT or http://...; loopback addresses only (this tool loads a machine, never a network).
 * ca, cert, key, token may be NULL. Returns 0, or -1 with a line in err. */
int target_init(struct target *t, const char *url, const char *ca, const char *cert, const char *key,
                const char *token, char *err, size_t err_bytes);
/* Server, CA and client certificate of a kubeconfig as cubed writes it. */
int target_from_kubeconfig(struct target *t, const char *file, char *err, size_t err_bytes);
void target_free(struct target *t);
/* A port of 127.0.0.1 that was free just now, or -1. */
int target_free_port(void);

#endif
