#!/usr/bin/env python3
"""What nobody may get by asking oddly. Every identity that may not read Secrets asks for one in every spelling of its path,
with every method and header that a proxy or a hurried router could fall for: the value never comes, and nothing changes.
Then the rest of the walls: certificates, files, the log, the plain port."""
import http.client
import itertools
import os
import re
import socket
import ssl
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Server, check, free_port, run  # noqa: E402

SECRETS, CANARY = '/api/v1/namespaces/default/secrets', 'canary-0f3a9c'
CANARY64 = 'Y2FuYXJ5LTBmM2E5Yw=='
PLAIN_TOKEN = 'plain-user-token'  # jane of dev and ops, who has no rights but discovery

PATHS = [
    SECRETS, SECRETS + '/s', SECRETS + '/', SECRETS + '/s/', '/' + SECRETS + '/s', SECRETS + '//s',
    '/api/v1//namespaces/default/secrets/s', '/api//v1/namespaces/default/secrets', '//api/v1/secrets', '/api/v1/secrets',
    '/api/v1/secrets/s', '/api/v1/watch/secrets', '/api/v1/watch/namespaces/default/secrets/s', '/api/v1/proxy/secrets/s',
    '/api/v1/%73ecrets', '/%61pi/v1/secrets', '/api%2fv1%2fsecrets', '/api/v1/namespaces/default%2fsecrets/s',
    '/api/v1/namespaces%2fdefault%2fsecrets%2fs', SECRETS + '/%73', SECRETS + '/s%00', SECRETS + '%00/s', SECRETS + '%2fs',
    '/healthz/../api/v1/secrets', '/healthz/..%2fapi/v1/secrets', '/healthz/%2e%2e/api/v1/secrets', '/version/../api/v1/secrets',
    '/version/api/v1/secrets', '/livez/../metrics', '/./api/v1/secrets', '/api/./v1/secrets', '/api/v1/./secrets',
    '/api/v1/../v1/secrets', '/api/v1/namespaces/../secrets', '/api/v1/namespaces/./secrets', '/apis/../api/v1/secrets',
    '/api/v1/secrets;/healthz', '/api/v1/secrets?watch=true&timeoutSeconds=1', '/api/v1/secrets?fieldSelector=metadata.name%3Ds',
    '/api/v1/secrets%3f', '/api/v1/secrets#/healthz', '/api/v1/secrets?/healthz', '/API/v1/secrets', '/api/V1/secrets',
    '/api/v1/Secrets', '/apis//v1/secrets', '/apis/v1/secrets', '/apis/core/v1/secrets', '/apis/%20/v1/secrets',
    SECRETS + '/s/status', SECRETS + '/s/token', SECRETS + '/s/proxy', SECRETS + '/s/proxy/healthz', SECRETS + '/s/log',
    '/api/v1/namespaces/default/secrets/s/..', '/api/v1/namespaces/default/pods/../secrets/s', '/api/v1/namespaces//secrets/s',
    '/api/v1/namespaces/default/status/secrets', '/api/v1/namespaces/status/secrets', '/api/v1/namespaces/finalize/secrets/s',
    '\\api\\v1\\secrets', '/api/v1\\secrets', '/metrics', '/metrics/', '//metrics', '/metrics/../healthz', '*',
    'https://x/api/v1/secrets', 'https://x/healthz/../api/v1/secrets', 'x:443', 'x?y=://z/api/v1/secrets', 'x://y']
METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'TRACE', 'PROPFIND']
NOBODY = {'nobody': {}, 'jane': {'Authorization': 'Bearer ' + PLAIN_TOKEN}}
TRICKS = [
    {'X-Remote-User': 'admin', 'X-Remote-Group': 'system:masters'}, {'X-Forwarded-User': 'admin'},
    {'Impersonate-User': 'admin', 'Impersonate-Group': 'system:masters'}, {'Impersonate-User': 'system:admin'},
    {'impersonate-user': 'system:serviceaccount:kube-system:x'}, {'Impersonate-Uid': '1'}, {'Impersonate-Group': 'system:masters'},
    {'Impersonate-User': 'jane', 'Impersonate-Extra-Scopes': 'x'}, {'X-Original-Url': '/healthz'}, {'X-Rewrite-Url': '/healthz'},
    {'X-Http-Method-Override': 'GET'}, {'X-Forwarded-Client-Cert': 'Subject="O=system:masters"'}, {'Host': 'localhost'},
    {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-Websocket-Protocol': 'base64url.bearer.authorization.k8s.io.eA'},
    {'Upgrade': 'h2c', 'Connection': 'Upgrade, HTTP2-Settings', 'Http2-Settings': 'AAMAAABkAAQAAP__'}]


def ask(server, method, path, headers, context=None, port=None, resume=None):
    """Raw, so that nothing tidies the path. Returns status, body. resume: a list that keeps the TLS session."""
    raw = socket.create_connection(('127.0.0.1', port or server.port), timeout=10)
    session = resume[-1] if resume else None
    s = raw if port else (context or server.tls).wrap_socket(raw, server_hostname='127.0.0.1', session=session)
    with s:
        check(not session or s.session_reused, 'the session is not resumed')
        lines = ['%s %s HTTP/1.1' % (method, path)] + ['%s: %s' % h for h in dict({'Host': 'x'}, **headers).items()]
        s.sendall(('\r\n'.join(lines + ['Connection: close'] * ('Connection' not in headers)) + '\r\n\r\n').encode('latin-1'))
        r = http.client.HTTPResponse(s, method=method)
        r.begin()
        body = r.read()
        if resume is not None:
            resume.append(s.session)
        return r.status, body


def make_secret(server):
    api = server.api()
    status, got = api.create(SECRETS, {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 's'},
                                       'stringData': {'password': CANARY}})
    check(status == 201 and got['data']['password'] == CANARY64, 'create: %d %s' % (status, got))
    return got


def refused(server, method, path, headers, who):
    status, body = ask(server, method, path, headers)
    what = '%s %s by %s %s' % (method, path, who, headers)
    check(CANARY64.encode() not in body and b'"items"' not in body, '%s: %d %r' % (what, status, body))
    check(status in (400, 401, 403, 404, 405), '%s: %d %r' % (what, status, body))


def odd_paths_open_nothing():
    with Server('--workers=2') as server:
        before = make_secret(server)
        for (who, headers), method, path in itertools.product(NOBODY.items(), METHODS, PATHS):
            refused(server, method, path, headers, who)
        for (who, headers), trick, path in itertools.product(NOBODY.items(), TRICKS, (SECRETS, SECRETS + '/s', '/metrics')):
            refused(server, 'GET', path, dict(headers, **trick), who)
        for value in ('Bearer', 'Bearer ', 'Bearer wrong', 'bearer  ' + TOKEN, 'Basic ' + TOKEN, TOKEN, 'Bearer ' + TOKEN + 'x',
                      'Bearer ' + TOKEN[:-1], 'Bearer Bearer ' + TOKEN, 'Bearer ' + TOKEN.upper(), 'Token ' + TOKEN):
            refused(server, 'GET', SECRETS + '/s', {'Authorization': value}, 'nobody')
        refused(server, 'GET', SECRETS + '/s?access_token=' + TOKEN, {}, 'nobody')
        check(server.api().get(SECRETS + '/s') == (200, before), 'the secret was changed')


def who_may_what():
    reviews = '/apis/authorization.k8s.io/v1/'
    rows = [  # path, nobody, jane, admin
        ('/healthz', 200, 200, 200), ('/livez', 200, 200, 200), ('/readyz', 200, 200, 200), ('/version', 200, 200, 200),
        ('/readyz/ping', 403, 403, 200), ('/api', 403, 200, 200), ('/apis', 403, 200, 200), ('/api/v1', 403, 200, 200),
        ('/openapi/v2', 403, 200, 200), ('/openapi/v3', 403, 200, 200), ('/metrics', 403, 403, 200), ('/', 403, 403, 200),
        ('/nothing', 403, 403, 404), (SECRETS, 403, 403, 200), ('/api/v1/nodes', 403, 403, 200),
        ('/apis/apps/v1/deployments', 403, 403, 200), ('/apis/no.such/v1/things', 403, 403, 404)]
    admin = {'Authorization': 'Bearer ' + TOKEN}
    with Server('--workers=2') as server:
        for path, *wanted in rows:
            got = [ask(server, 'GET', path, h)[0] for h in (NOBODY['nobody'], NOBODY['jane'], admin)]
            check(got == wanted, '%s: %s, must be %s' % (path, got, wanted))
        jane = server.api(token=PLAIN_TOKEN)
        what = {'resourceAttributes': {'verb': 'get', 'resource': 'secrets'}}
        status, got = jane.create(reviews + 'selfsubjectaccessreviews', {'spec': what})
        check(status == 201 and got['status'] == {'allowed': False}, 'self review: %d %s' % (status, got))
        for path in (reviews + 'subjectaccessreviews', reviews + 'namespaces/default/localsubjectaccessreviews',
                     '/apis/authentication.k8s.io/v1/tokenreviews'):
            check(jane.create(path, {'spec': dict(what, user='x', token=TOKEN)})[0] == 403, path)


# ---- certificates ----

def openssl(*args, stdin=None):
    done = subprocess.run(['openssl', *args], input=stdin, capture_output=True, check=False)
    check(done.returncode == 0, 'openssl %s: %s' % (args, done.stderr.decode()))


def certificate(server, name, subject, ca, *more, usage='clientAuth'):
    base, pki = os.path.join(server.dir, name), os.path.join(server.dir, 'data', 'pki')
    with open(base + '.ext', 'w') as f:
        f.write('extendedKeyUsage=%s\n' % usage)
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', base + '.key', '-out', base + '.csr', '-subj', subject)
    signer = ['-CA', os.path.join(pki, 'ca.crt'), '-CAkey', os.path.join(pki, 'ca.key')] if ca else ['-signkey', base + '.key']
    openssl('x509', '-req', '-in', base + '.csr', '-out', base + '.crt', '-extfile', base + '.ext', '-set_serial', '77',
            *signer, *(more or ('-days', '1')))
    return base


def with_certificate(server, base):
    context = ssl.create_default_context(cafile=os.path.join(server.dir, 'data', 'pki', 'ca.crt'))
    context.load_cert_chain(base + '.crt', base + '.key')
    return context


def certificates_prove_only_what_our_ca_signed():
    masters = '/O=system:masters/CN=mallory'
    with Server('--workers=2') as server:
        make_secret(server)
        for base, wanted in (
                (os.path.join(server.dir, 'data', 'pki', 'admin'), (200, 200)),
                (certificate(server, 'unknown', masters, ca=False), (401, 401)),
                (certificate(server, 'expired', masters, True, '-days', '-1'), (401, 401)),
                (certificate(server, 'of-a-server', masters, True, usage='serverAuth'), (401, 401)),
                (certificate(server, 'user', '/O=dev/CN=jane', True), (200, 403)),
                (certificate(server, 'nameless', '/O=system:masters', True), (200, 403)),
                (certificate(server, 'nearly', '/O=system:masters ,x/CN=jane', True), (200, 403))):
            context, session = with_certificate(server, base), []
            for time in ('first', 'second'):  # the first session is resumed by all others
                got = tuple(ask(server, 'GET', p, {}, context, resume=session)[0] for p in ('/version', SECRETS))
                check(got == wanted, 'certificate %s, %s time: %s, must be %s' % (os.path.basename(base), time, got, wanted))
        context = with_certificate(server, os.path.join(server.dir, 'unknown'))
        status, _ = ask(server, 'GET', SECRETS, {'Authorization': 'Bearer ' + TOKEN}, context)
        check(status == 200, 'a good token beside a certificate of nobody: %d' % status)
        context = with_certificate(server, os.path.join(server.dir, 'user'))
        status, _ = ask(server, 'GET', SECRETS, {'Authorization': 'Bearer ' + TOKEN}, context)
        check(status == 403, 'the certificate comes before the token: %d' % status)


# ---- what lies about ----

def files_are_private():
    public = re.compile(r'\.(crt|pub)$')
    with Server('--workers=2') as server:
        make_secret(server)
        data, files = os.path.join(server.dir, 'data'), 0
        for folder, _, names in os.walk(data):
            mode = stat.S_IMODE(os.stat(folder).st_mode)
            check(mode & 0o022 == 0 and (folder.endswith('pki') or mode & 0o077 == 0), '%s has mode %o' % (folder, mode))
            for name in names:
                mode, files = stat.S_IMODE(os.lstat(os.path.join(folder, name)).st_mode), files + 1
                check(mode & 0o022 == 0 and (public.search(name) or mode & 0o077 == 0), '%s/%s has mode %o' % (folder, name, mode))
        check(files > 8 and os.path.exists(os.path.join(data, 'admin.kubeconfig')), 'only %d files' % files)


def nothing_secret_is_logged():
    with Server('--workers=2', '--v=6') as server:
        make_secret(server)
        api = server.api()
        bearer = 'secret-bearer-of-nobody'
        api.call('GET', SECRETS, headers={'Authorization': 'Bearer ' + bearer})
        api.call('GET', '/api/v1/pods?access_token=' + bearer)
        api.create('/apis/authentication.k8s.io/v1/tokenreviews', {'spec': {'token': bearer}})
        api.patch(SECRETS + '/s', {'stringData': {'password': CANARY + '2'}})
        api.call('PUT', SECRETS + '/s', '{"password": "%s' % CANARY, {'Content-Type': 'application/json'})
        api.create(SECRETS, {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'UPPER'}, 'stringData': {'p': CANARY}})
        api.get(SECRETS)
        api.delete(SECRETS + '/s')
        server.stop()
        text = server.log()
        check('path=' + SECRETS in text, 'requests are not in the log at --v=6')
        with open(os.path.join(server.dir, 'data', 'pki', 'admin.key')) as f:
            key = f.read().splitlines()[1]
        for what in (CANARY, CANARY64[:-2], TOKEN, PLAIN_TOKEN, bearer, key, 'PRIVATE KEY'):
            check(what not in text, 'the log tells %r' % what)


def listeners(server):
    """Addresses (hexadecimal, as the kernel prints them) and ports that the server's processes listen on."""
    inodes, found = set(), set()
    for pid in [server.process.pid] + [p for pids in server.children().values() for p in pids]:
        for fd in os.listdir('/proc/%d/fd' % pid):
            try:
                inodes.add(os.readlink('/proc/%d/fd/%s' % (pid, fd)))
            except OSError:
                pass
    for table in ('tcp', 'tcp6'):
        with open('/proc/net/' + table) as f:
            for fields in (line.split() for line in list(f)[1:]):
                if fields[3] == '0A' and 'socket:[%s]' % fields[9] in inodes:
                    address, port = fields[1].split(':')
                    found.add((address, int(port, 16)))
    return found


def the_plain_port_is_off_and_only_local():
    loopback = '%08X' % int.from_bytes(socket.inet_aton('127.0.0.1'), sys.byteorder)
    with Server('--workers=2') as server:
        check(listeners(server) == {(loopback, server.port)}, 'it listens on %s' % listeners(server))
    plain = free_port()
    with Server('--workers=2', '--bind-address=0.0.0.0', '--insecure-port=%d' % plain) as server:
        check(listeners(server) == {('00000000', server.port), (loopback, plain)}, 'it listens on %s' % listeners(server))
        check(ask(server, 'GET', SECRETS, {}, port=plain)[0] == 200, 'the plain port asks who it is')
        check(ask(server, 'GET', SECRETS, {})[0] == 403, 'the secure port does not')


run(odd_paths_open_nothing, who_may_what, certificates_prove_only_what_our_ca_signed, files_are_private,
    nothing_secret_is_logged, the_plain_port_is_off_and_only_local)
