#!/usr/bin/env python3
"""--write-server: what kubectl writes at a replica that only reads is done by the server that takes writes, and what that
one says comes back as it is; when it is away, or names the replica itself, clients are told so."""
import http.server
import json
import os
import signal
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Failure, Server, check, free_port, run  # noqa: E402
from etcd import Etcd  # noqa: E402

MAPS = '/api/v1/namespaces/default/configmaps'
etcd = Etcd()
writer = Server('--workers=1', '--advertise-address=192.0.2.1', etcd=etcd)


def replica(url=None, *flags):
    url = url or 'https://127.0.0.1:%d' % writer.port
    return Server('--workers=1', '--read-only', '--write-server=' + url, '--write-server-ca=' + pki('ca.crt'), *flags,
                  etcd=etcd)


def pki(name, server=writer):
    return os.path.join(server.dir, 'data', 'pki', name)


def kubectl(server, *args, stdin=None):
    env = dict(os.environ, KUBECONFIG='/dev/null', HOME=server.dir)
    p = subprocess.run(['kubectl', '--server=https://127.0.0.1:%d' % server.port, '--token=' + TOKEN,
                        '--certificate-authority=' + pki('ca.crt', server), *args], input=stdin, env=env, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return p.returncode, p.stdout + p.stderr


def kubectl_at_a_replica():
    with replica() as r:
        for args, wants in ((['create', 'configmap', 'one', '--from-literal=a=1'], 'created'),
                            (['patch', 'configmap', 'one', '--type=merge', '-p', '{"data":{"a":"2"}}'], 'patched'),
                            (['label', 'configmap', 'one', 'seen=here'], 'labeled'),
                            (['get', 'configmap', 'one', '-o', 'jsonpath={.data.a}{.metadata.labels.seen}'], '2here'),
                            (['create', 'deployment', 'web', '--image=nginx'], 'created'),
                            (['scale', 'deployment', 'web', '--replicas=3'], 'scaled'),
                            (['delete', 'configmap', 'one'], 'deleted')):
            rc, text = kubectl(r, *args)
            check(rc == 0 and wants in text, '%s: %s' % (args, text))
        text = json.dumps({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'applied'}, 'data': {'k': 'v'}})
        for wants in ('serverside-applied', 'serverside-applied'):
            rc, out = kubectl(r, 'apply', '--server-side', '-f', '-', stdin=text)
            check(rc == 0 and wants in out, out)
        check(writer.api().get(MAPS + '/applied')[1]['data'] == {'k': 'v'}, 'the writer has it')


def reads_see_writes_and_errors_come_through():
    with replica() as r:
        a, w = r.api(), writer.api()
        status, made = a.create(MAPS, {'metadata': {'name': 'x'}, 'data': {'i': '0'}})
        check(status == 201 and made['data'] == {'i': '0'}, made)
        for i in range(30):
            status, got = a.patch(MAPS + '/x', {'data': {'i': str(i)}})
            seen = a.get(MAPS + '/x')[1]
            check(status == 200 and seen['metadata']['resourceVersion'] == got['metadata']['resourceVersion'], seen)
        big = {'metadata': {'name': 'big'}, 'data': {'k%d' % i: 'v' * 1000 for i in range(900)}}
        status, made = a.create(MAPS, big)
        check(status == 201 and made['data'] == big['data'], status)
        for name, call in (
                ('exists', lambda s: s.create(MAPS, {'metadata': {'name': 'x'}})),
                ('invalid', lambda s: s.create(MAPS, {'metadata': {'name': 'No'}})),
                ('not found', lambda s: s.delete(MAPS + '/none')),
                ('conflict', lambda s: s.update(MAPS + '/x', dict(seen, metadata=dict(seen['metadata'], resourceVersion='1')))),
                ('no such form', lambda s: s.call('POST', MAPS, b'{}', {'Content-Type': 'text/x'}))):
            here, there = call(a), call(w)
            check(here == there and here[0] >= 400, '%s: %s, %s' % (name, here, there))
        status, text = a.call('POST', MAPS + '?fieldValidation=Warn',
                              json.dumps({'metadata': {'name': 'warned'}, 'datum': 1, 'extra': 2}),
                              {'Content-Type': 'application/json'})
        said = ' '.join(a.headers.get_all('Warning'))
        check(status == 201 and said.count('unknown field') == 2, said)
        status, body = a.call('POST', MAPS, b'x' * (4 << 20), {'Content-Type': 'application/json'})
        check(status == 413, (status, body))
        status, st = r.api(token='plain-user-token').create(MAPS, {'metadata': {'name': 'mine'}})
        check(status == 403 and 'jane' in st['message'], st)
        status, gone = a.delete(MAPS)
        check(status == 200 and len(gone['items']) >= 3, gone.get('kind'))
        check([m['metadata']['name'] for m in a.get(MAPS)[1]['items']] == ['kube-root-ca.crt'] or not a.get(MAPS)[1]['items'],
              'all are gone')


def the_writer_is_away():
    with replica('https://127.0.0.1:%d' % free_port()) as r:
        status, st = r.api().create(MAPS, {'metadata': {'name': 'x'}})
        check(status == 503 and st['reason'] == 'ServiceUnavailable' and 'nothing was written' in st['message'], st)
        check(r.api().get(MAPS)[0] == 200, 'reads go on')
        rc, text = kubectl(r, 'create', 'configmap', 'x')
        check(rc == 1 and 'write server' in text, text)
    with replica() as r:
        for pid in writer.children()['worker']:
            os.kill(pid, signal.SIGSTOP)
        try:
            status, st = r.api().call('POST', MAPS + '?timeout=1s', json.dumps({'metadata': {'name': 'x'}}),
                                      {'Content-Type': 'application/json'})
        finally:
            for pid in writer.children()['worker']:
                os.kill(pid, signal.SIGCONT)
        check(status == 504 and st['reason'] == 'Timeout', st)
        check(r.api().create(MAPS, {'metadata': {'name': 'after'}})[0] == 201, 'and on')


def another_authority():
    with replica('https://127.0.0.1:%d' % writer.port) as first:
        with replica('https://127.0.0.1:%d' % first.port) as second:  # its certificate is of a CA that is not named
            status, st = second.api().create(MAPS, {'metadata': {'name': 'x'}})
            check(status == 503 and 'certificate' in st['message'], st)


def no_circle():
    port = free_port()
    loop = Server('--workers=1', '--read-only', '--write-server=https://127.0.0.1:%d' % port, etcd=etcd)
    loop.port = port
    loop.flags.append('--write-server-ca=' + pki('ca.crt', loop))
    os.makedirs(os.path.join(loop.dir, 'data', 'pki'))
    for name in ('ca.crt', 'ca.key'):
        with open(pki(name), 'rb') as f, open(os.open(pki(name, loop), os.O_WRONLY | os.O_CREAT, 0o600), 'wb') as to:
            to.write(f.read())
    with loop as r:
        status, st = r.api().create(MAPS, {'metadata': {'name': 'x'}})
        check(status == 403 and '--write-server' in st['message'], st)


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        self.server.seen.append((self.path, self.headers, self.rfile.read(int(self.headers['Content-Length'])),
                                 self.connection.getpeercert()))
        body = b'{"kind":"ConfigMap","apiVersion":"v1"}'
        self.send_response(201)
        for name, value in (('Content-Type', 'application/json'), ('Content-Length', str(len(body))), ('X-Kept', 'yes'),
                            ('Keep-Alive', 'timeout=7'), ('Warning', '299 - "one"'), ('Warning', '299 - "two"')):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def recorder():
    s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Recorder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki('apiserver.crt'), pki('apiserver.key'))
    tls.load_verify_locations(pki('ca.crt'))
    tls.verify_mode = ssl.CERT_OPTIONAL
    s.socket, s.seen, s.daemon_threads = tls.wrap_socket(s.socket, server_side=True), [], True
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


def who_asks_is_told():
    s = recorder()
    url = 'https://127.0.0.1:%d' % s.server_address[1]
    forged = {'Content-Type': 'application/json', 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters',
              'X-Remote-Extra-Scopes': 'all', 'X-Anything': 'else', 'Connection': 'keep-alive, x-hop', 'X-Hop': '1',
              'User-Agent': 'test/1', 'Audit-Id': 'abc', 'X-Forwarded-For': '192.0.2.77'}
    with replica(url, '--proxy-client-cert-file=' + pki('admin.crt'), '--proxy-client-key-file=' + pki('admin.key')) as r:
        api = r.api()
        status, body = api.call('POST', MAPS + '?pretty=false', '{}', forged)
        check(status == 201 and body['kind'] == 'ConfigMap', body)
        check(api.headers['X-Kept'] == 'yes' and 'Keep-Alive' not in api.headers, dict(api.headers))
        check(api.headers['Warning'] == '299 - "one", 299 - "two"', api.headers['Warning'])
        path, h, data, cert = s.seen.pop()
        check(path == MAPS + '?pretty=false' and data == b'{}', path)
        check(h['Authorization'] == 'Bearer ' + TOKEN and not cert, 'a token goes as it came, without our certificate')
        check(h['User-Agent'] == 'test/1' and h['Audit-Id'] == 'abc', dict(h))
        check(h['X-Forwarded-For'] == '192.0.2.77, 127.0.0.1', dict(h))
        for name in ('X-Remote-User', 'X-Remote-Group', 'X-Remote-Extra-Scopes', 'X-Anything', 'X-Hop', 'Accept-Encoding'):
            check(name not in h, '%s went on: %s' % (name, dict(h)))

        r.tls.load_cert_chain(pki('admin.crt', r), pki('admin.key', r))
        api = r.api(token=None)
        status, body = api.call('POST', MAPS, '{}', dict(forged, **{'Authorization': 'Basic Zm9vOmJhcg=='}))
        check(status == 201, body)
        path, h, data, cert = s.seen.pop()
        check(cert and 'Authorization' not in h, 'our certificate is shown')
        check(h['X-Remote-User'] == 'kubernetes-admin', dict(h))
        check(h.get_all('X-Remote-Group') == ['system:masters', 'system:authenticated'], h.get_all('X-Remote-Group'))
        check(h['X-Remote-Extra-Authentication.kubernetes.io%2fcredential-id'].startswith('X509SHA256='), dict(h))
        check('X-Remote-Extra-Scopes' not in h, dict(h))
    with replica(url) as r:
        r.tls.load_cert_chain(pki('admin.crt', r), pki('admin.key', r))
        status, st = r.api(token=None).create(MAPS, {})
        check(status == 403 and '--proxy-client-cert-file' in st['message'] and not s.seen, st)
    s.shutdown()


def refused_flags():
    for flags, wants in ((['--write-server=https://a:1'], '--write-server needs --read-only'),
                         (['--read-only', '--write-server=http://a:1'], 'expected a URL such as https://'),
                         (['--read-only', '--write-server=https://a/b'], 'expected a URL such as https://'),
                         (['--read-only', '--write-server-ca=/x'], 'without --write-server'),
                         (['--read-only', '--write-server=https://a', '--write-server-ca=/no/such'], '/no/such'),
                         (['--proxy-client-cert-file=/x'], 'without --proxy-client-key-file')):
        try:
            Server(*flags, etcd=etcd).__enter__()
        except Failure as e:
            check(wants in str(e), '%s: %s' % (flags, e))
            continue
        raise Failure('%s were taken' % flags)


with etcd, writer:
    run(kubectl_at_a_replica, reads_see_writes_and_errors_come_through, the_writer_is_away, another_authority, no_circle,
        who_asks_is_told, refused_flags)
