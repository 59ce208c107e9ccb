#!/usr/bin/env python3
"""The whole server under valgrind's memcheck: REQUESTS (1000) mixed requests over HTTP/1.1 and HTTP/2, right ones and wrong
ones, watches that end and watches that are cut off, then SIGTERM. Every process must end without an error and without
a block that is definitely lost. Needs valgrind and curl; an address-sanitized build cannot run under it."""
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from cubed import TOKEN, Server, check, run  # noqa: E402

REQUESTS = int(os.environ.get('REQUESTS', '1000'))
BATCH = 50  # requests of one curl, on one or a few connections
MAPS = '/api/v1/namespaces/default/configmaps'
PODS = '/api/v1/namespaces/default/pods'
DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
PATCHES = {'json': 'application/json-patch+json', 'merge': 'application/merge-patch+json',
           'strategic': 'application/strategic-merge-patch+json'}


def config_map(name, value='v'):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name, 'labels': {'a': 'b'}}, 'data': {'k': value}}


def pod(name):
    return {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': name}, 'spec': {'containers': [{'name': 'c', 'image': 'i'}]}}


def deployment(name):
    labels = {'app': name}
    return {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': name}, 'spec': {
        'selector': {'matchLabels': labels}, 'template': {'metadata': {'labels': labels}, 'spec': {'containers': [{'name': 'c', 'image': 'i'}]}}}}


YAML = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, annotations: &a {x: "1"}}\ndata: {<<: *a, k: "2"}\n'
PROTOBUF_POD = b'k8s\0\n\t\n\2v1\22\3Pod\22\27\n\10\n\6proto%d\22\13\22\6\n\1c\22\1i\32\1x'

READS = ['/api', '/apis', '/version', '/livez', '/readyz?verbose', '/healthz', '/metrics', '/openapi/v2', '/openapi/v3', '/api/v1', '/',
         MAPS, MAPS + '?limit=3', MAPS + '?labelSelector=a%3Db', MAPS + '?labelSelector=a+in+(b,c),d!%3De', PODS, DEPLOYMENTS,
         PODS + '?fieldSelector=spec.nodeName%3Dn', MAPS + '?resourceVersion=0', MAPS + '?watch=1&timeoutSeconds=1', '/api/v1/namespaces',
         '/api/v1/nodes', PODS + '?watch=1&timeoutSeconds=1&resourceVersion=1&allowWatchBookmarks=true', '/api/v1/namespaces/default',
         '/apis/rbac.authorization.k8s.io/v1/clusterroles', '/openapi/v3/api/v1']
WRONG = ['/nothing', '/api/v1/nothing', MAPS + '/nothing', MAPS + '?labelSelector=(((', MAPS + '?continue=x', MAPS + '?limit=x',
         MAPS + '?fieldSelector=a.b%3Dc', '/%zz', '/api/v1/namespaces/a%00b/pods', MAPS + '?resourceVersion=999999999999&timeout=1s',
         '/apis/apps/v9/deployments', PODS + '/x/nothing', '/api/v1/namespaces/%ff/pods']
BODIES = ['{', '[' * 20000, '{"a":1e400}', '{"apiVersion":"v1","kind":"Pod"}', 'null', '{"kind":"ConfigMap","apiVersion":"v1","x":1,"x":2}', '']
ACCEPTS = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml',
           'application/json;as=Table;v=v1;g=meta.k8s.io', 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json']


def one(rng, i):
    """(method, path, body or None, content type, headers)"""
    kind, accept = rng.randrange(12), 'Accept: ' + rng.choice(ACCEPTS)
    name = 'm%d' % rng.randrange(30)
    if kind < 4:
        return 'GET', rng.choice(READS), None, None, [accept, 'Accept-Encoding: gzip' if i % 3 else 'X: y']
    if kind == 4:
        return rng.choice(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'BREW']), rng.choice(WRONG), None, None, [accept]
    if kind == 5:
        return 'POST', rng.choice([MAPS, PODS]) + '?fieldValidation=' + rng.choice(['Strict', 'Warn', 'Ignore']), rng.choice(BODIES), rng.choice(
            ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'text/plain']), []
    if kind == 6:
        return 'POST', MAPS, json.dumps(config_map(name, 'x' * rng.randrange(5000))), 'application/json', [accept]
    if kind == 7:
        where, make = rng.choice([(PODS, pod), (DEPLOYMENTS, deployment)])
        return 'POST', where, json.dumps(make(name)), 'application/json', [accept]
    if kind == 8:
        return 'PUT', MAPS + '/' + name, json.dumps(config_map(name, 'y')), 'application/json', [accept]
    if kind == 9:
        form = rng.choice(list(PATCHES))
        patch = [{'op': 'add', 'path': '/data/z', 'value': str(i)}] if form == 'json' else {'data': {'z': str(i)}}
        return 'PATCH', MAPS + '/' + name, json.dumps(patch), PATCHES[form], []
    if kind == 10:
        return 'DELETE', rng.choice([MAPS, PODS, DEPLOYMENTS]) + '/' + name, None, None, [accept]
    if rng.randrange(2):
        return 'POST', MAPS, YAML % name, 'application/yaml', []
    return 'POST', PODS, PROTOBUF_POD.replace(b'%d', b'%d' % rng.randrange(10)), 'application/vnd.kubernetes.protobuf', [accept]


def curl(server, requests, http2, directory, number):
    """Runs all of them in one curl; returns the codes."""
    lines, common = [], ['cacert = "%s"' % os.path.join(server.dir, 'data', 'pki', 'ca.crt'), 'http2' if http2 else 'http1.1', 'silent',
                         'max-time = 120', 'write-out = "%{http_code}\\n"', 'path-as-is']
    for i, (method, path, body, kind, headers) in enumerate(requests):
        lines += ['next'] if i else []
        lines += common + ['url = "https://127.0.0.1:%d%s"' % (server.port, path.replace('"', '%22')), 'request = "%s"' % method,
                           'output = "/dev/null"', 'header = "Authorization: Bearer %s"' % TOKEN]
        lines += ['header = "%s"' % h for h in headers]
        if body is not None:
            name = os.path.join(directory, 'body-%d-%d' % (number, i))
            with open(name, 'wb') as f:
                f.write(body if isinstance(body, bytes) else body.encode())
            lines += ['data-binary = "@%s"' % name, 'header = "Content-Type: %s"' % kind]
    config = os.path.join(directory, 'curl-%d' % number)
    with open(config, 'w') as f:
        f.write('\n'.join(lines) + '\n')
    done = subprocess.run(['curl', '-q', '-K', config], capture_output=True, timeout=300)
    return [int(c) for c in done.stdout.split()]


def cut_off(server):
    """Watches whose clients leave without a word."""
    for i in range(5):
        api = server.api()
        api.call('GET', '/version')
        api.conn.request('GET', MAPS + '?watch=1', headers={'Authorization': 'Bearer ' + TOKEN})
        time.sleep(0.1)
        api.close()


def verdicts(directory):
    """File -> what valgrind found wrong, for processes that were the server's."""
    out = {}
    for path in glob.glob(os.path.join(directory, 'vg.*')):
        with open(path, errors='replace') as f:
            text = f.read()
        lost = re.search(r'definitely lost: ([\d,]+) bytes', text)
        errors = re.search(r'ERROR SUMMARY: (\d+) errors', text)
        bad = []
        if not errors:
            bad.append('no summary: it did not come to its end')
        elif errors.group(1) != '0':
            bad.append(errors.group(0))
        if lost and lost.group(1) != '0':
            bad.append(lost.group(0))
        out[path] = (bad, text)
    return out


def valgrind_worker():
    directory = None
    rng = random.Random(int(os.environ.get('SEED', '1')))
    prefix = ['valgrind', '--trace-children=yes', '--leak-check=full', '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite',
              '--error-exitcode=99', '--num-callers=25', '--child-silent-after-fork=no']
    supp = os.path.join(HERE, 'valgrind.supp')
    if os.path.exists(supp):
        prefix.append('--suppressions=' + supp)
    server = Server('--workers=1', '--cache-map-bytes=1Gi', '--request-timeout=1m', '--shutdown-drain=20s')
    directory = server.dir
    server.prefix = prefix + ['--log-file=' + os.path.join(directory, 'vg.%p')]
    try:
        server.start(wait=120)
        codes, number, threads = {}, 0, []
        cutter = threading.Thread(target=cut_off, args=(server,))
        cutter.start()

        def batch(requests, http2, number):
            for c in curl(server, requests, http2, directory, number):
                codes[c] = codes.get(c, 0) + 1

        start = time.monotonic()
        while number * BATCH < REQUESTS:
            requests = [one(rng, i) for i in range(BATCH)]
            threads.append(threading.Thread(target=batch, args=(requests, number % 2 == 0, number)))
            threads[-1].start()
            number += 1
            if number % 4 == 0:
                for t in threads:
                    t.join()
        for t in threads + [cutter]:
            t.join()
        took = time.monotonic() - start
        pids = server.children()
        status = server.stop(wait=120)
        found = verdicts(directory)
        print('# %d requests in %.0f s: %s; %d processes looked at' %
              (sum(codes.values()), took, ', '.join('%d x %d' % (n, c) for c, n in sorted(codes.items())), len(found)))
        for path, (bad, text) in found.items():
            if bad:
                sys.stderr.write(text[-6000:])
        wrong = ['%s: %s' % (os.path.basename(p), ', '.join(b)) for p, (b, _) in found.items() if b]
        check(not wrong, '; '.join(wrong))
        check('died' not in server.log(), server.log()[-2000:])
        check(status == 0, 'the server ended with %s' % status)
        check(len(found) >= 4 and len(sum(pids.values(), [])) >= 3, 'only %d processes were looked at' % len(found))
        check(sum(codes.values()) >= REQUESTS * 0.99 and codes.get(0, 0) == 0, 'requests without an answer: %r' % codes)
        check(sum(n for c, n in codes.items() if c < 300) > REQUESTS / 4, 'hardly a request succeeded: %r' % codes)
        check(not any(c >= 500 and c != 504 for c in codes), 'internal errors: %r' % codes)
    finally:
        if server.process and server.process.poll() is None:
            server.stop(wait=60)
        shutil.rmtree(directory, ignore_errors=True)


if os.environ.get('SAN'):
    print('# skipped: a sanitized build cannot run under valgrind')
    sys.exit(0)
if not shutil.which('valgrind') or not shutil.which('curl'):
    print('# skipped: valgrind or curl is not installed')
    sys.exit(0)
run(valgrind_worker)
