#include "tests/bench/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

static int parse_url(struct target *t, const char *url, char *err, size_t n)
{
    const char *p = url;
    if (strncmp(p, "https://", 8) == 0) {
        t->tls = true;
        p += 8;
    } else if (strncmp(p, "http://", 7) == 0) {
        p += 7;
    } else {
        snprintf(err, n, "%s: not an http:// or https:// URL", url);
        return -1;
    }
    const char *colon = strchr(p, ':');
    size_t host_n = colon ? (size_t)(colon - p) : strcspn(p, "/");
    if (host_n >= sizeof t->host) {
        snprintf(err, n, "%s: host name too long", url);
        return -1;
    }
    memcpy(t->host, p, host_n);
    t->host[host_n] = 0;
    t->addr.sin_family = AF_INET;
    t->addr.sin_port = htons((uint16_t)(colon ? atoi(colon + 1) : t->tls ? 443 : 80));
    const char *ip = strcmp(t->host, "localhost") == 0 ? "127.0.0.1" : t->host;
    if (inet_pton(AF_INET, ip, &t->addr.sin_addr) != 1 || (ntohl(t->addr.sin_addr.s_addr) >> 24) != 127) {
        snprintf(err, n, "%s: only loopback addresses (127.0.0.0/8) are measured", url);
        return -1;
    }
    return 0;
}

static SSL_CTX *make_ctx(const char *ca, bool h2)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (!c)
        return NULL;
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (ca && (SSL_CTX_load_verify_locations(c, ca, NULL) != 1)) {
        SSL_CTX_free(c);
        return NULL;
    }
    SSL_CTX_set_verify(c, ca ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    const unsigned char *alpn = h2 ? (const unsigned char *)"\x02h2" : (const unsigned char *)"\x08http/1.1";
    SSL_CTX_set_alpn_protos(c, alpn, h2 ? 3 : 9);
    return c;
}

int target_init(struct target *t, const char *url, const char *ca, const char *cert, const char *key,
                const char *token, char *err, size_t n)
{
    if (parse_url(t, url, err, n) < 0)
        return -1;
    if (token)
        t->token = strdup(token);
    if (!t->tls)
        return 0;
    SSL_CTX **both[] = {&t->ctx_h1, &t->ctx_h2};
    for (int i = 0; i < 2; i++) {
        SSL_CTX *c = *both[i] = make_ctx(ca, i == 1);
        if (!c) {
            snprintf(err, n, "%s: cannot be read as CA certificates", ca ? ca : "TLS");
            return -1;
        }
        if (cert && (SSL_CTX_use_certificate_chain_file(c, cert) != 1 ||
                     SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1)) {
            snprintf(err, n, "%s, %s: not a certificate and its key", cert, key);
            return -1;
        }
    }
    return 0;
}

/* Value of the first scalar key of this name, wherever it stands; heap. */
static char *yaml_value(const char *file, const char *name)
{
    FILE *f = fopen(file, "r");
    if (!f)
        return NULL;
    yaml_parser_t p;
    yaml_token_t tok;
    char *value = NULL;
    bool key = false, hit = false;
    yaml_parser_initialize(&p);
    yaml_parser_set_input_file(&p, f);
    for (bool end = false; !end && !value;) {
        if (!yaml_parser_scan(&p, &tok))
            break;
        if (tok.type == YAML_KEY_TOKEN)
            key = true;
        else if (tok.type == YAML_VALUE_TOKEN)
            key = false;
        else if (tok.type == YAML_SCALAR_TOKEN && key)
            hit = strcmp((char *)tok.data.scalar.value, name) == 0;
        else if (tok.type == YAML_SCALAR_TOKEN && hit)
            value = strdup((char *)tok.data.scalar.value);
        end = tok.type == YAML_STREAM_END_TOKEN;
        yaml_token_delete(&tok);
    }
    yaml_parser_delete(&p);
    fclose(f);
    return value;
}

/* base64 -> a temporary file of mode 0600; its name, heap. */
static char *spill(const char *b64)
{
    size_t n = b64 ? strlen(b64) : 0;
    if (n == 0)
        return NULL;
    unsigned char *raw = malloc(n);
    int got = EVP_DecodeBlock(raw, (const unsigned char *)b64, (int)n);
    const char *tmp = getenv("TMPDIR");
    char *name = NULL;
    if (asprintf(&name, "%s/key-XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0)
        name = NULL;
    int fd = got > 0 && name ? mkstemp(name) : -1;
    while (got > 0 && b64[n - 1] == '=') {
        n--;
        got--;
    }
    bool ok = fd >= 0 && dprintf(fd, "%.*s", got, (char *)raw) == got;
    free(raw);
    if (ok)
        return name;
    free(name);
    return NULL;
}

int target_from_kubeconfig(struct target *t, const char *file, char *err, size_t n)
{
    char *url = yaml_value(file, "server"), *token = yaml_value(file, "token");
    char *b64[3] = {yaml_value(file, "certificate-authority-data"),
                    yaml_value(file, "client-certificate-data"), yaml_value(file, "client-key-data")};
    char *tmp[3];
    for (int i = 0; i < 3; i++)
        tmp[i] = spill(b64[i]);
    int rc = -1;
    if (url)
        rc = target_init(t, url, tmp[0], tmp[1], tmp[2], token, err, n);
    else
        snprintf(err, n, "%s: no kubeconfig with a server in it", file);
    for (int i = 0; i < 3; i++) {
        if (tmp[i])
            unlink(tmp[i]);
        free(tmp[i]);
        free(b64[i]);
    }
    free(url);
    free(token);
    return rc;
}

void target_free(struct target *t)
{
    SSL_CTX_free(t->ctx_h1);
    SSL_CTX_free(t->ctx_h2);
    free(t->token);
}

int target_free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok =
        fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0;
    if (fd >= 0)
        close(fd);
    return ok ? ntohs(a.sin_port) : -1;
}
