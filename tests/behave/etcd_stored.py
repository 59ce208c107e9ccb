#!/usr/bin/env python3
"""What lies in etcd: encrypted when it shall be, rotated, refused in clear words; foreign fields outlive a patch."""
import base64
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Failure, Server, check
from etcd import Etcd

SECRETS = '/api/v1/namespaces/default/secrets'
KEY = '/registry/secrets/default/'
PLAIN = b'correct horse battery staple'


def key(name, byte):
    return '{name: %s, secret: %s}' % (name, base64.b64encode(bytes([byte]) * 32).decode())


def config(directory, *providers):
    path = os.path.join(directory, 'encryption.yaml')
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(fd, ('kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n'
                  '- resources: [secrets]\n  providers:\n' +
                  ''.join('  - %s\n' % p for p in providers)).encode())
    os.close(fd)
    return '--encryption-provider-config=' + path


def secret(name):
    return {'kind': 'Secret', 'apiVersion': 'v1', 'metadata': {'name': name},
            'data': {'pass': base64.b64encode(PLAIN).decode()}}


def check_secret(api, name):
    status, s = api.get(SECRETS + '/' + name)
    check(status == 200 and base64.b64decode(s['data']['pass']) == PLAIN, 'secret %s: %s %s' % (name, status, s))


BOX = '{secretbox: {keys: [%s]}}' % key('b1', 2)
CBC = '{aescbc: {keys: [%s]}}' % key('c1', 3)
GCM = '{aesgcm: {keys: [%s]}}' % key('g1', 4)


def restarted(s, *flags):
    s.stop()
    s.flags = list(flags)
    s.start()
    return s.api()


def encryption(etcd, s, base):
    api = s.api()
    check(api.create(SECRETS, secret('plain'))[0] == 201, 'create')
    check(PLAIN in etcd.get(KEY + 'plain'), 'without a configuration nothing is encrypted')

    api = restarted(s, *base, config(s.dir, BOX, '{identity: {}}'))
    check_secret(api, 'plain')
    check(api.create(SECRETS, secret('boxed'))[0] == 201, 'create')
    stored = etcd.get(KEY + 'boxed')
    check(stored.startswith(b'k8s:enc:secretbox:v1:b1:') and PLAIN not in stored, 'stored: %r' % stored[:60])
    check(PLAIN in etcd.get(KEY + 'plain'), 'a restart rewrites nothing')
    # an update that changes nothing writes what is not under the first key
    status, old = api.get(SECRETS + '/plain')
    check(api.update(SECRETS + '/plain', old)[0] == 200, 'update')
    check(etcd.get(KEY + 'plain').startswith(b'k8s:enc:secretbox:v1:b1:'), 'encrypted by an update')
    before = etcd.kv(KEY + 'plain')['mod_revision']
    status, old = api.get(SECRETS + '/plain')
    check(api.update(SECRETS + '/plain', old)[0] == 200, 'update')
    check(etcd.kv(KEY + 'plain')['mod_revision'] == before, 'and then no more')

    for first, prefix in ((GCM, b'k8s:enc:aesgcm:v1:g1:'), (CBC, b'k8s:enc:aescbc:v1:c1:')):
        api = restarted(s, *base, config(s.dir, first, BOX, *([GCM] if first == CBC else [])))
        for name in 'plain', 'boxed':
            check_secret(api, name)
            check(api.patch(SECRETS + '/' + name, {'metadata': {'labels': {'by': first[1:7]}}})[0] == 200, 'patch')
            check(etcd.get(KEY + name).startswith(prefix), 'rotated to %s' % first)
            check_secret(api, name)


def wrong_key(etcd, s, base):
    other = '{aesgcm: {keys: [%s]}}' % key('g1', 9)
    api = restarted(s, *base, config(s.dir, other, '{identity: {}}'))
    status, st = api.get(SECRETS + '/plain')
    check(status == 500 and st['message'] == 'Internal error occurred: no matching prefix found',
          'get: %s %s' % (status, st))
    status, st = api.get(SECRETS)
    check(status == 500 and st['message'].startswith('Internal error occurred: unable to transform key "/registry/sec'),
          'list: %s %s' % (status, st))
    check(api.get('/api/v1/secrets?limit=1')[0] == 500, 'all namespaces')
    check(api.get('/api/v1/namespaces/kube-system/secrets')[0] == 200, 'another namespace')
    check(api.delete(SECRETS + '/plain')[0] == 500, 'delete')
    check(api.patch(SECRETS + '/plain', {'metadata': {'labels': {'a': 'b'}}})[0] == 500, 'patch')
    check(api.get('/api/v1/namespaces/default/configmaps')[0] == 200, 'other kinds')
    # the keys again: nothing of it stays
    api = restarted(s, *base, config(s.dir, CBC, GCM, BOX))
    check_secret(api, 'plain')
    status, items = api.get(SECRETS)
    check(status == 200 and len(items['items']) == 2, 'all again: %s' % status)


def until(what, text, seconds=15):
    end = time.monotonic() + seconds
    while not what():
        check(time.monotonic() < end, text)
        time.sleep(0.1)


def reload(etcd, s, base):
    api = restarted(s, *base, config(s.dir, CBC, GCM, BOX), '--encryption-provider-config-automatic-reload')
    path = SECRETS + '/plain'
    check(etcd.get(KEY + 'plain').startswith(b'k8s:enc:aescbc:v1:c1:'), 'before')
    config(s.dir, BOX, CBC)

    def written_anew():
        api.update(path, api.get(path)[1])  # changes nothing
        return etcd.get(KEY + 'plain').startswith(b'k8s:enc:secretbox:v1:b1:')
    until(written_anew, 'the new key is taken')
    before = etcd.kv(KEY + 'plain')['mod_revision']
    check(api.update(path, api.get(path)[1])[0] == 200, 'update')
    check(etcd.kv(KEY + 'plain')['mod_revision'] == before, 'once')
    check(api.create(SECRETS, secret('fresh'))[0] == 201, 'create')
    check(etcd.get(KEY + 'fresh').startswith(b'k8s:enc:secretbox:v1:b1:'), 'also of what is new')
    check_secret(api, 'fresh')
    config(s.dir, '{aesgcm: {keys: []}}')
    until(lambda: 'the old keys stay' in s.log(), 'a wrong file is told')
    check_secret(api, 'fresh')
    check(api.delete(SECRETS + '/fresh')[0] == 200, 'and all goes on')
    check(base64.b64encode(bytes([2]) * 32).decode() not in s.log(), 'no secrets in the log')


def bad_config(s, base):
    s.stop()
    flag = config(s.dir, '{aesgcm: {keys: [{name: a, secret: c2hvcnQ=}]}}')
    s.flags = [*base, flag]
    try:
        s.start()
    except Failure as e:
        check('resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected '
              'length, got 5, expected one of [16 24 32]' in str(e), str(e))
        check('c2hvcnQ=' not in s.log(), 'keys are not logged')
        return
    raise Failure('a bad configuration was taken')


def foreign_fields(etcd, s):
    api = s.api()
    path, k = '/api/v1/namespaces/default/configmaps/far', '/registry/configmaps/default/far'
    check(api.create(path.rsplit('/', 1)[0], {'metadata': {'name': 'far'}, 'data': {'a': '1'}})[0] == 201, 'create')
    stored = etcd.get(k)
    at = stored.rindex(b'\x1a\0\x22\0')
    size = stored.index(b'ConfigMap') + len('ConfigMap')
    check(stored[size] == 0x12, 'the message follows')
    n, used = stored[size + 1], 1
    if n >= 128:
        n, used = n & 127 | stored[size + 2] << 7, 2
    message = stored[size + 1 + used:at]
    check(len(message) == n, 'its length')
    message += b'\xba\x3e\x05vital'
    length = bytes([len(message)]) if len(message) < 128 else bytes([len(message) & 127 | 128, len(message) >> 7])
    etcd.put(k, stored[:size + 1] + length + message + stored[at:])
    status, obj = api.patch(path, {'metadata': {'labels': {'x': 'y'}}, 'data': {'b': '2'}})
    check(status == 200 and obj['data'] == {'a': '1', 'b': '2'} and 'vital' not in str(obj), 'patch: %s' % obj)
    check(b'\xba\x3e\x05vital' in etcd.get(k), 'the foreign field is still there')
    status, obj = api.get(path)
    del obj['data']['a']
    check(api.update(path, obj)[0] == 200, 'update')
    check(b'\xba\x3e\x05vital' in etcd.get(k), 'and after an update')


def not_an_object(etcd, s):
    """Stored bytes that nobody understands: in the way of a create, and told to who asks."""
    api = s.api()
    etcd.put(KEY + 'broken', b'k8s\0\x0a\xff\xff')
    etcd.put(KEY + 'sealed', b'k8s:enc:aescbc:v1:x:abc')
    for name in 'broken', 'sealed':
        status, st = api.create(SECRETS, secret(name))
        check(status == 409 and st['reason'] == 'AlreadyExists', 'create %s: %s' % (name, st))
        status, st = api.get(SECRETS + '/' + name)
        check(status == 500, 'get %s: %s' % (name, st))
        check(api.patch(SECRETS + '/' + name, {'data': {'a': 'Yg=='}})[0] == 500, 'patch')
        etcd.delete(KEY + name)
        check(api.get(SECRETS + '/' + name)[0] == 404, 'gone')
    check(api.get(SECRETS)[0] == 200, 'list')


OLD_SERVICES = [  # what was stored, and what is read beside it
    ({'clusterIP': '10.0.0.9', 'type': 'ClusterIP'}, ['10.0.0.9'], ['IPv4'], 'SingleStack'),
    ({'clusterIP': 'fd00::5'}, ['fd00::5'], ['IPv6'], 'SingleStack'),
    ({'clusterIP': 'None', 'selector': {'a': 'b'}}, ['None'], ['IPv4'], 'SingleStack'),
    ({'clusterIP': 'None'}, ['None'], ['IPv4', 'IPv6'], 'RequireDualStack'),
    ({'type': 'ExternalName', 'externalName': 'a.b', 'internalTrafficPolicy': 'Cluster'}, None, None, None),
]


def old_services(etcd, s):
    """Services of before they had lists of addresses, and families, are shown as those of today."""
    for i, (spec, ips, families, policy) in enumerate(OLD_SERVICES):
        name = 'old%d' % i
        meta = {'name': name, 'namespace': 'default', 'uid': name, 'creationTimestamp': '2018-01-02T03:04:05Z'}
        etcd.put('/registry/services/specs/default/' + name,
                 json.dumps({'kind': 'Service', 'apiVersion': 'v1', 'metadata': meta,
                             'spec': dict(spec, ports=[{'port': 80}])}).encode())
        path = '/api/v1/namespaces/default/services/' + name
        until(lambda where=path: s.api().get(where)[0] == 200, 'the old Service is there')
        got = s.api().get(path)[1]['spec']
        is_now = got.get('clusterIPs'), got.get('ipFamilies'), got.get('ipFamilyPolicy')
        check(is_now == (ips, families, policy), '%s is read as %s' % (spec, is_now))
        check(('internalTrafficPolicy' in got) == (policy is not None), 'traffic inside: %s' % got)
        check(s.api().delete(path)[0] == 200, 'delete')


def deployment(name, env):
    pod = {'metadata': {'labels': {'a': 'b'}}, 'spec': {'containers': [{'name': 'c', 'image': 'i', 'env': env}]}}
    return {'metadata': {'name': name}, 'spec': {'selector': {'matchLabels': {'a': 'b'}}, 'template': pod}}


def large_objects(s):
    """What etcd finds too large is written without managedFields; what is too large even so is refused."""
    api, path = s.api(), '/apis/apps/v1/namespaces/default/deployments'
    status, got = api.create(path, deployment('many', [{'name': 'E%d' % i, 'value': 'x' * 80} for i in range(12000)]))
    check(status == 201 and 'managedFields' not in got['metadata'], 'create: %d %s' % (status, got.get('message')))
    status, got = api.call('PATCH', path + '/many', '{"metadata": {"labels": {"x": "y"}}}',
                           {'Content-Type': 'application/merge-patch+json'})
    check(status == 200 and got['metadata']['labels'] == {'x': 'y'}, 'patch: %d %s' % (status, got.get('message')))
    status, got = api.create(path, deployment('long', [{'name': 'E', 'value': 'x' * 1700000}]))
    check(status == 500 and got['message'] == 'etcdserver: request is too large', 'too large: %d' % status)


def yaml_too(etcd, s, base):
    api = restarted(s, *base, '--storage-media-type=application/yaml')
    path = '/api/v1/namespaces/default/configmaps'
    check(api.create(path, {'metadata': {'name': 'y'}, 'data': {'a': '1\n2'}})[0] == 201, 'create')
    check(etcd.get('/registry/configmaps/default/y').startswith(b'apiVersion: v1\ndata:\n  a: |-\n    1\n    2\nkind: ConfigMap\n'),
          etcd.get('/registry/configmaps/default/y'))
    api = restarted(s, *base)
    check(api.get(path + '/y')[1]['data'] == {'a': '1\n2'}, 'read again')
    check(api.patch(path + '/y', {'data': {'b': '3'}})[0] == 200, 'patch')
    check(etcd.get('/registry/configmaps/default/y').startswith(b'k8s\0'), 'in the form of now')


def main():
    with Etcd() as etcd:
        base = ['--etcd-servers=' + etcd.url, '--workers=1']
        with Server(*base) as s:
            foreign_fields(etcd, s)
            not_an_object(etcd, s)
            old_services(etcd, s)
            large_objects(s)
            yaml_too(etcd, s, base)
            encryption(etcd, s, base)
            wrong_key(etcd, s, base)
            reload(etcd, s, base)
            bad_config(s, base)


main()
