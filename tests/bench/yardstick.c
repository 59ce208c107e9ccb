#include "tests/bench/yardstick.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int put_file(const char *dir, const char *name, const char *p, size_t n)
{
    char path[WORKDIR_BYTES + 20];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f)
        return -1;
    size_t w = fwrite(p, 1, n, f);
    return fclose(f) == 0 && w == n ? 0 : -1;
}

static int put_certificate(const char *dir)
{
    char path[WORKDIR_BYTES + 20];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    snprintf(path, sizeof path, "%s/cert.pem", dir);
    FILE *f = fopen(path, "w");
    bool ok = f && PEM_write_X509(f, x) == 1 && fclose(f) == 0;
    snprintf(path, sizeof path, "%s/key.pem", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    f = fd >= 0 ? fdopen(fd, "w") : NULL;
    ok = ok && f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(f) == 0;
    X509_free(x);
    EVP_PKEY_free(key);
    return ok ? 0 : -1;
}

static int put_config(const struct yardstick *y, int workers, const char *files)
{
    char c[4096];
    const char *d = y->dir;
    if (strcmp(y->name, "nginx") == 0)
        snprintf(c, sizeof c,
                 "daemon off;\nworker_processes %d;\npid %s/nginx.pid;\nerror_log %s/error.log;\nuser root;\n"
                 "events { worker_connections 20000; }\nhttp { access_log off; client_body_temp_path %s/b; "
                 "proxy_temp_path %s/p;\n"
                 "fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s; keepalive_requests "
                 "100000000;\n"
                 "open_file_cache max=100; sendfile on; default_type application/json;\n"
                 "server { listen 127.0.0.1:%d ssl http2 reuseport; ssl_certificate %s/cert.pem; "
                 "ssl_certificate_key %s/key.pem;\n"
                 "root %s; http2_max_concurrent_streams 250; } }\n",
                 workers, d, d, d, d, d, d, d, y->port, d, d, files);
    else
        snprintf(c, sizeof c,
                 "num-threads: %d\npid-file: %s/h2o.pid\nerror-log: %s/error.log\nuser: root\n"
                 "file.mime.setdefaulttype: application/json\nhosts:\n  "
                 "default:\n    listen:\n"
                 "      host: 127.0.0.1\n      port: %d\n      ssl:\n        certificate-file: %s/cert.pem\n"
                 "        key-file: %s/key.pem\n    paths:\n      /:\n        file.dir: %s\n",
                 workers, d, d, y->port, d, d, files);
    return put_file(d, "conf", c, strlen(c));
}

static bool answers(int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return ok;
}

int yardstick_start(struct yardstick *y, const char *name, int workers, const char *files, char *err,
                    size_t err_bytes)
{
    *y = (struct yardstick){.name = name, .port = target_free_port()};
    if (y->port < 0 || workdir_make(y->dir, name) < 0 || chmod(y->dir, 0755) < 0 ||
        put_certificate(y->dir) < 0 || put_config(y, workers, files) < 0) {
        snprintf(err, err_bytes, "%s: its files: %s", name, strerror(errno));
        return -1;
    }
    char conf[WORKDIR_BYTES + 20];
    snprintf(conf, sizeof conf, "%s/conf", y->dir);
    pid_t parent = getpid();
    y->pid = fork();
    if (y->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(127);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execlp(name, name, "-c", conf, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 100; i++) {
        if (waitpid(y->pid, NULL, WNOHANG) == y->pid)
            break;
        if (answers(y->port))
            return 0;
        usleep(50000);
    }
    snprintf(err, err_bytes, "%s did not start (is it installed?)", name);
    return -1;
}

void yardstick_stop(struct yardstick *y)
{
    kill(y->pid, SIGTERM);
    waitpid(y->pid, NULL, 0);
    workdir_remove(y->dir);
}
