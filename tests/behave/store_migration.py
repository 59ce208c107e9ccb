#!/usr/bin/env python3
"""cubed store export and import: embedded -> file -> etcd -> file -> embedded, interrupted, resumed, refused."""
import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import CUBED, Failure, Server, check
from etcd import Etcd

MANY = 10000
MAPS = '/api/v1/namespaces/default/configmaps'
LISTS = (MAPS, '/api/v1/namespaces', '/api/v1/namespaces/default/secrets', '/api/v1/namespaces/default/pods',
         '/apis/apps/v1/namespaces/default/deployments', '/apis/rbac.authorization.k8s.io/v1/clusterroles',
         '/api/v1/namespaces/default/services', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions')


def tool(what, path, *flags):
    r = subprocess.run([CUBED, 'store', what, path, *flags], capture_output=True, text=True, timeout=60)
    return r.returncode, r.stderr


def done(what, path, *flags):
    status, text = tool(what, path, *flags)
    check(status == 0, '%s: %s %s' % (what, status, text))
    return text


def refused(words, what, path, *flags):
    status, text = tool(what, path, *flags)
    check(status == 1 and words in text and text.count('\n') == 1, '%s instead of %s: %s' % (status, words, text))


def objects(path):
    """key -> value of a file, whose end is checked as the manual says"""
    with open(path, 'rb') as f:
        lines = f.readlines()
    end = json.loads(lines[-1])
    check(end == {'count': len(lines) - 2, 'sha256': hashlib.sha256(b''.join(lines[:-1])).hexdigest()}, 'end: %s' % end)
    return {o['key']: base64.b64decode(o['value']) for o in map(json.loads, lines[1:-1])}


def write(path, values, revision=5):
    lines = [json.dumps({'cubedStore': 1, 'prefix': '/registry/', 'revision': revision})]
    lines += [json.dumps({'key': k, 'createRevision': 1, 'modRevision': 1, 'value': base64.b64encode(v).decode()})
              for k, v in values.items()]
    text = ('\n'.join(lines) + '\n').encode()
    with open(path, 'wb') as f:
        f.write(text)
        f.write(b'{"count":%d,"sha256":"%s"}\n' % (len(values), hashlib.sha256(text).hexdigest().encode()))


def config_map(i):
    return json.dumps({'kind': 'ConfigMap', 'apiVersion': 'v1', 'data': {'number': str(i)}, 'metadata': {
        'name': 'many-%05d' % i, 'namespace': 'default', 'uid': 'u-%d' % i,
        'creationTimestamp': '2026-01-01T00:00:00Z'}}).encode()


def answers(api):
    """What the lists say, without what a move may change."""
    out = {}
    for path in LISTS:
        status, items = api.get(path)
        check(status == 200, '%s: %s' % (path, status))
        for o in items['items']:
            del o['metadata']['resourceVersion']
            out[path, o['metadata']['name']] = o
    return out


def fill(api):
    for i in range(20):
        check(api.create(MAPS, {'metadata': {'name': 'c%d' % i, 'labels': {'a': 'b'}}, 'data': {'x': 'ü' * i}})[0] == 201, 'map')
    api.call('PATCH', MAPS + '/applied?fieldManager=me', json.dumps(
        {'kind': 'ConfigMap', 'apiVersion': 'v1', 'metadata': {'name': 'applied'}, 'data': {'k': 'v'}}),
        {'Content-Type': 'application/apply-patch+yaml'})
    api.create('/api/v1/namespaces/default/secrets', {'metadata': {'name': 's'}, 'data': {'p': 'aGlkZGVuLXRleHQ='}})
    template = {'metadata': {'labels': {'a': 'b'}}, 'spec': {'containers': [{'name': 'c', 'image': 'i'}]}}
    api.create('/apis/apps/v1/namespaces/default/deployments', {
        'metadata': {'name': 'd'}, 'spec': {'selector': {'matchLabels': {'a': 'b'}}, 'template': template}})
    api.create('/api/v1/namespaces/default/services', {'metadata': {'name': 'v'}, 'spec': {'ports': [{'port': 80}]}})
    api.create('/api/v1/namespaces/default/events', {
        'metadata': {'name': 'e'}, 'involvedObject': {'namespace': 'default'}, 'type': 'Normal', 'reason': 'r'})
    names = {'plural': 'things', 'singular': 'thing', 'kind': 'Thing', 'listKind': 'ThingList'}
    version = {'name': 'v1', 'served': True, 'storage': True, 'schema': {'openAPIV3Schema': {'type': 'object'}}}
    check(api.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        'metadata': {'name': 'things.example.com'}, 'spec': {
            'group': 'example.com', 'scope': 'Namespaced', 'names': names, 'versions': [version]}})[0] == 201, 'crd')


def add_unknown_field(path, into):
    """A field that a newer server stored, in the message of one object."""
    values = objects(path)
    key = '/registry/configmaps/default/c0'
    v = values[key]
    at, end = v.index(b'ConfigMap') + len('ConfigMap'), v.rindex(b'\x1a\0\x22\0')
    n, used = v[at + 1], 2
    if n >= 128:
        n, used = n & 127 | v[at + 2] << 7, 3
    message = v[at + used:end] + b'\xba\x3e\x05vital'
    check(len(message) == n + 8, 'the message')
    values[key] = v[:at + 1] + bytes([len(message) & 127 | 128, len(message) >> 7]) + message + v[end:]
    write(into, values, 100)


def encryption(directory):
    path = os.path.join(directory, 'encryption.yaml')
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
        f.write('kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n- resources: [secrets]\n'
                '  providers:\n  - {aescbc: {keys: [{name: k, secret: %s}]}}\n' % base64.b64encode(b'k' * 32).decode())
    return '--encryption-provider-config=' + path


def there_and_back(d, etcd):
    a, b, c, e = (os.path.join(d, n) for n in 'abce')
    on_etcd = ['--etcd-servers=' + etcd.url, encryption(d)]
    with Server('--workers=1') as s:
        fill(s.api())
        source = ['--data-dir=' + os.path.join(s.dir, 'data')]
        text = done('export', a, *source)  # while it runs
        check('left out 1 objects that expire' in text, text)
        check(os.stat(a).st_mode & 0o777 == 0o600, 'the file is private')
        refused('is in use by another server', 'import', a, *source)
        before = answers(s.api())
        s.stop()
        refused('is not empty', 'import', a, *source)
        done('export', a, *source)
    add_unknown_field(a, b)
    done('import', b, *on_etcd)
    refused('is not empty', 'import', b, *on_etcd)
    check(etcd.get('/registry/cubed/import') is None, 'no note is left')
    check(etcd.get('/registry/secrets/default/s').startswith(b'k8s:enc:aescbc:v1:k:'), 'encrypted in etcd')
    check(b'hidden-text' in objects(a)['/registry/secrets/default/s'], 'and not in the file')
    done('export', c, *on_etcd)
    check(objects(c) == objects(b), 'what is in etcd is what is in the file')
    with Server('--workers=1', on_etcd[1], etcd=etcd) as s:
        check(answers(s.api()) == before, 'the server on etcd answers the same')
    target = os.path.join(d, 'target')
    os.mkdir(target)
    done('import', c, '--data-dir=' + os.path.join(target, 'data'))
    done('export', e, '--data-dir=' + os.path.join(target, 'data'))
    check(objects(e) == objects(b), 'and again in the embedded store, with the unknown field')
    with Server('--workers=1', data_dir=target) as s:
        check(answers(s.api()) == before, 'the embedded server answers the same')
        status, st = s.api().get(MAPS + '?watch=1&timeoutSeconds=2&resourceVersion=50')
        check(st.get('object', st).get('code') == 410, 'older revisions are gone: %s %s' % (status, st))


def killed(path, flags, begun, by=signal.SIGKILL, status=-9):
    p = subprocess.Popen([CUBED, 'store', 'import', path, *flags], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not begun() and p.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    p.send_signal(by)
    check(p.wait(10) == status, 'it was stopped in the middle: %s' % p.returncode)


def no_server_runs(**on):
    try:
        with Server('--workers=1', **on):
            raise AssertionError('a server runs on a part of a store')
    except Failure as e:
        check('holds a part of an import' in str(e), str(e))


def interrupted(d):
    path, back, other = (os.path.join(d, n) for n in ('many', 'back', 'other'))
    values = {'/registry/configmaps/default/many-%05d' % i: config_map(i) for i in range(MANY)}
    write(path, values)
    write(other, {'/registry/configmaps/default/many-00001': config_map(2)})
    with Etcd() as etcd:
        flags = ['--etcd-servers=' + etcd.url]
        killed(path, flags, lambda: etcd.revision() > 10)
        check(0 < len(etcd.range('/registry/configmaps/')) < MANY, 'a part is there')
        refused('import of another file was begun', 'import', other, *flags)
        no_server_runs(etcd=etcd)
        at = etcd.revision()
        killed(path, flags, lambda: etcd.revision() > at + 5, signal.SIGTERM, 1)
        check(len(etcd.range('/registry/configmaps/')) < MANY, 'still a part')
        key, value = next(iter(values.items()))
        etcd.put(key, b'{}')
        refused(key + ' is there already, with another content', 'import', path, *flags)
        etcd.put(key, value)
        check('verified %d objects' % MANY in done('import', path, *flags), 'all')
        done('export', back, *flags)
        check(objects(back) == values, 'all arrived in etcd')
    home = os.path.join(d, 'many-home')
    os.mkdir(home)
    data = os.path.join(home, 'data')
    flags = ['--data-dir=' + data]
    killed(path, flags, lambda: os.path.exists(data + '/store/data.mdb') and os.path.getsize(data + '/store/data.mdb') > 1 << 20)
    done('export', back, *flags)
    check(0 < len(objects(back)) < MANY, 'a part is there')
    refused('import of another file was begun', 'import', other, *flags)
    no_server_runs(data_dir=home)
    check('verified %d objects' % MANY in done('import', path, *flags), 'all')
    done('export', back, *flags)
    check(objects(back).keys() == values.keys(), 'all arrived in the embedded store')
    refused('is not empty', 'import', path, *flags)


def bad_files(d):
    path, data = os.path.join(d, 'bad'), '--data-dir=' + os.path.join(d, 'bad-data')
    write(path, {'/registry/configmaps/default/many-%05d' % i: config_map(i) for i in range(3)})
    with open(path, 'rb') as f:
        good = f.read()
    lines = good.splitlines(True)
    cases = [(good.replace(b'many-00001', b'many-00009'), 'the hash is another one'),
             (b''.join(lines[:-1]), 'its end is missing'),
             (good[:-30], 'the file is damaged or not whole'),
             (b''.join(lines[:2] + lines[3:]), 'the number of objects is another one'),
             (good + lines[1], 'there is more behind the end'),
             (good.replace(b'"cubedStore": 1', b'"cubedStore": 2'), 'is of version 2'),
             (b'{}\n', 'is no file of cubed store export'), (b'', 'is no file of cubed store export'),
             (b'\0\xff', 'is no file of cubed store export'),
             (lines[0] + b'{"key":"' + b'x' * (33 << 20) + b'"}\n', 'line 2: longer than any object can be'),
             (b' ' * (33 << 20), 'is no file of cubed store export')]
    for text, words in cases:
        with open(path, 'wb') as f:
            f.write(text)
        refused(words, 'import', path, data)
    check(not os.path.exists(os.path.join(d, 'bad-data')), 'nothing was written')
    refused('No such file', 'import', os.path.join(d, 'none'), data)
    refused('there is no embedded store', 'export', path, data)
    refused('usage: cubed store', 'export', '--data-dir=x')
    write(path, {'/registry/configmaps/default/other': config_map(1)})
    refused('the object has another name than its key', 'import', path, data)


def main():
    d = tempfile.mkdtemp(prefix='cubed-test-')
    try:
        bad_files(d)
        with Etcd() as etcd:
            there_and_back(d, etcd)
        interrupted(d)
    finally:
        shutil.rmtree(d, ignore_errors=True)


main()
