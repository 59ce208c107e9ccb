#!/usr/bin/env python3
"""Every built-in kind that can be created: a rich object of it (kinds/objects.jsonl: where it is created, what its
status becomes, and the cells of its Table as kube-apiserver prints them) is created, shown as Table, and comes back
the same in JSON and protobuf, in each version it is served in, and from server-side apply. And what clients are warned
of (kinds/warnings.jsonl: what is created or then patched, and kube-apiserver's Warning headers, sorted)."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from cubed import Server, check, run  # noqa: E402

PROTOBUF = 'application/vnd.kubernetes.protobuf'
MERGE = {'Content-Type': 'application/merge-patch+json'}
TABLE = {'Accept': 'application/json;as=Table;v=v1;g=meta.k8s.io'}
TOLD = ('FlowSchema', 'CustomResourceDefinition')  # by the server itself, in their conditions, right after the create
EVENTS = ('/api/v1/', '/apis/events.k8s.io/v1/')  # one store, two groups


def compact(value):
    """As Go does: some JSON is kept as it is spelled, and may not change."""
    return json.dumps(value, separators=(',', ':'))


def lines(name):
    with open(os.path.join(HERE, 'kinds', name), encoding='utf-8') as f:
        return [json.loads(line) for line in f]


def masked(name, cell, wanted):
    """A cell without what differs each time."""
    if wanted in ('<any>', '<uid>'):
        return wanted
    if not isinstance(cell, str):
        return cell
    if name in ('Age', 'Last Seen', 'First Seen', 'Last Schedule') and re.fullmatch(r'(\d+[ydhms])+', cell):
        return '<age>'
    cell = re.sub(r'\b\d+y\d+d\b', '<age>', cell)
    return re.sub(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$', '<time>', cell)


def discovered(api):
    """resource of a group -> the group-versions it is served in, as paths; those that can be created and read."""
    out = {}
    versions = ['/api/v1'] + ['/apis/' + v['groupVersion'] for g in api.get('/apis')[1]['groups']
                              for v in g['versions']]
    for path in versions:
        for r in api.get(path)[1]['resources']:
            if '/' not in r['name'] and {'create', 'get'} <= set(r['verbs']):
                out.setdefault((path.rpartition('/')[0], r['name']), []).append(path)
    return out


def create(api, entry):
    obj = entry['object']
    where = entry['path'] + '/' + obj['metadata']['name']
    status, got = api.create(entry['path'], obj)
    check(status == 201, 'create %s: %d %s' % (where, status, got))
    if 'status' in entry:
        status, got = api.call('PATCH', where + '/status', compact({'status': entry['status']}), MERGE)
        check(status == 200, 'status of %s: %d %s' % (where, status, got))
    end = time.monotonic() + 10
    while obj['kind'] in TOLD and not api.get(where)[1]['status'].get('conditions'):
        check(time.monotonic() < end, '%s is not told anything' % where)
        time.sleep(0.02)
    return where


def table(api, where, entry):
    status, got = api.call('GET', where, headers=TABLE)
    check(status == 200 and got['kind'] == 'Table', 'table of %s: %d %s' % (where, status, got))
    columns = [c['name'] for c in got['columnDefinitions']]
    check(columns == [n for n, _ in entry['cells']], 'columns of %s: %s' % (where, columns))
    for (name, wanted), cell in zip(entry['cells'], got['rows'][0]['cells']):
        check(masked(name, cell, wanted) == wanted, '%s, cell %s: %r, not %r' % (where, name, cell, wanted))


def same(api, method, where, body, headers, wanted):
    """A write that changes nothing answers with what is there already."""
    status, got = api.call(method, where, body, headers)
    check(status == 200, '%s %s: %d %s' % (method, where, status, got))
    got['metadata'].pop('managedFields', None)
    wanted = dict(wanted, metadata={k: v for k, v in wanted['metadata'].items() if k != 'managedFields'})
    check(got == wanted, '%s %s: is %s, was %s' % (method, where, got, wanted))


def read_back(api, where, entry):
    """JSON and protobuf hold the same; what was read can be written and is no change."""
    status, obj = api.get(where)
    check(status == 200, 'get %s: %d %s' % (where, status, obj))
    check(obj['kind'] == entry['object']['kind'], 'kind of %s: %s' % (where, obj['kind']))
    status, proto = api.call('GET', where, headers={'Accept': PROTOBUF}, raw=True)
    if status == 406:  # what is served as JSON only
        check(entry['object']['kind'] in ('APIService', 'CustomResourceDefinition'), where)
    else:
        check(status == 200 and proto[:4] == b'k8s\0', 'protobuf of %s: %d' % (where, status))
        same(api, 'PUT', where, proto, {'Content-Type': PROTOBUF}, obj)
    same(api, 'PUT', where, compact(obj), {'Content-Type': 'application/json'}, obj)


def other_versions(api, where, entry, versions):
    base = entry['path'].partition('/namespaces/')[0] if '/namespaces/' in entry['path'] \
        else entry['path'].rpartition('/')[0]
    others = [v for v in versions if v != base]
    if entry['object']['kind'] == 'Event':
        others = [v[:-1] for v in EVENTS if v[:-1] != base]
    for version in others:
        there = version + where[len(base):]
        status, obj = api.get(there)
        check(status == 200, 'get %s: %d %s' % (there, status, obj))
        check(obj['apiVersion'] == version.partition('/')[2].partition('/')[2] or version == '/api/v1', there)
        if entry['object']['kind'] != 'Event':  # whose newer group refuses what the older one takes
            same(api, 'PUT', there, compact(obj), {'Content-Type': 'application/json'}, obj)
        check(api.get(where)[1]['metadata']['resourceVersion'] == obj['metadata']['resourceVersion'],
              '%s is another object through %s' % (where, version))


def apply_twice(api, where, entry):
    headers = {'Content-Type': 'application/apply-patch+yaml'}
    path = where + '?fieldManager=twice&force=true'
    first = api.call('PATCH', path, compact(entry['object']), headers)
    again = api.call('PATCH', path, compact(entry['object']), headers)
    check(first[0] == 200 and again[0] == 200, 'apply %s: %s %s' % (where, first, again))
    check(first[1] == again[1], 'the second apply of %s changes it' % where)


def every_kind():
    with Server('--service-cluster-ip-range=10.0.0.0/16') as server:
        api = server.api()
        api.create('/api/v1/namespaces', {'metadata': {'name': 'kinds'}})
        served, seen = discovered(api), set()
        for entry in lines('objects.jsonl'):
            base, _, plural = entry['path'].rpartition('/')
            group = base.partition('/namespaces/')[0].rpartition('/')[0]
            seen.add((group, plural))
            where = create(api, entry)
            table(api, where, entry)
            read_back(api, where, entry)
            other_versions(api, where, entry, served[group, plural])
            apply_twice(api, where, entry)
        missing = set(served) - seen
        check(not missing, 'no object of ' + str(sorted(missing)))


def keys():
    """What stands for the names in warnings.jsonl."""
    def openssl(*args):
        return subprocess.run(('openssl',) + args, check=True, capture_output=True, text=True).stdout
    curve = ('-pkeyopt', 'ec_paramgen_curve:P-256')
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, 'key')
        certificate = openssl('req', '-x509', '-newkey', 'ec', *curve, '-nodes', '-keyout', key, '-subj', '/CN=a')
        with open(key, encoding='ascii') as f:
            own = f.read()
    return {'$CERTIFICATE': certificate, '$KEY': own, '$OTHER_KEY': openssl('genpkey', '-algorithm', 'EC', *curve),
            '$ED25519_KEY': openssl('genpkey', '-algorithm', 'ed25519')}


def warned(api):
    texts = [re.fullmatch(r'299 - "(.*)"', h).group(1) for h in api.headers.get_all('Warning') or []]
    return sorted(t.replace('\\"', '"').replace('\\\\', '\\') for t in texts)


def base_of(api, obj, cache={}):
    """The collection that an object belongs into."""
    version = obj['apiVersion']
    path = '/api/v1' if version == 'v1' else '/apis/' + version
    if path not in cache:
        cache[path] = api.get(path)[1]['resources']
    r = next(r for r in cache[path] if r['kind'] == obj['kind'] and '/' not in r['name'])
    return path + ('/namespaces/default/' if r['namespaced'] else '/') + r['name']


def warnings():
    with Server() as server:
        api, texts = server.api(), keys()
        for case in lines('warnings.jsonl'):
            obj = case['create']
            for field, text in (obj.get('stringData') or {}).items():
                obj['stringData'][field] = texts.get(text, text)
            path = base_of(api, obj)
            where = path + '/' + obj['metadata']['name']
            status, got = api.create(path, obj)
            check(status == 201, '%s: %d %s' % (case['name'], status, got))
            check(warned(api) == case['warns'], '%s: warned of %s, not %s' % (case['name'], warned(api), case['warns']))
            if 'patch' in case:
                sub = '/' + case['subresource'] if 'subresource' in case else ''
                status, got = api.call('PATCH', where + sub, compact(case['patch']), MERGE)
                check(status == 200, '%s, patched: %d %s' % (case['name'], status, got))
                check(warned(api) == case['then_warns'],
                      '%s, patched: warned of %s, not %s' % (case['name'], warned(api), case['then_warns']))
            api.call('DELETE', where + '?gracePeriodSeconds=0')
            api.call('PATCH', where, compact({'metadata': {'finalizers': None}}), MERGE)

        status, _ = api.call('DELETE', '/apis/batch/v1/namespaces/default/jobs')
        check(status == 200 and len(warned(api)) == 1 and 'child pods' in warned(api)[0], str(warned(api)))


# What is sent, how it is answered: JSON of a ControllerRevision is stored, and compared, as its writer spelled it.
REVISION = '{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"r"%s},"revision":1%s}'
SPELLINGS = (
    ('POST', 'application/json', REVISION % ('', ',"data": {"b": 1, "a": [ ]}'), 201),
    ('PUT', 'application/json', REVISION % (',"labels":{"a":"b"}', ',"data": {"b": 1, "a": [ ]}'), 200),
    ('PUT', 'application/json', REVISION % ('', ',"data":{"b":1,"a":[]}'), 422),
    ('PATCH', 'application/merge-patch+json', '{"metadata":{"labels":{"c":"d"}}}', 422),
    ('PATCH', 'application/strategic-merge-patch+json', '{"metadata":{"labels":{"c":"d"}}}', 422),
    ('PATCH', 'application/apply-patch+yaml', REVISION % ('', ',"data":{"a":[],"b":1}'), 200),
    ('PATCH', 'application/apply-patch+yaml', REVISION % (',"labels":{"c":"d"}', ''), 422),
    ('PUT', 'application/json', REVISION % ('', ',"data": {"b": 1, "a": [ ]}'), 200),
)


def spelling():
    with Server() as server:
        api = server.api()
        path = '/apis/apps/v1/namespaces/default/controllerrevisions'
        for method, media, body, wanted in SPELLINGS:
            where = path if method == 'POST' else path + '/r?fieldManager=m'
            status, got = api.call(method, where, body, {'Content-Type': media})
            check(status == wanted, '%s %s: %d %s' % (method, body, status, got))
        check('"data":{"b":1,"a":[]}' in api.call('GET', path + '/r', raw=True)[1].decode(), 'is shown compact')


CONFIGMAPS = '/api/v1/namespaces/default/configmaps'
REFUSALS = (
    ('POST', '', {'apiVersion': 'v1', 'kind': 'Status'}, 'converting (v1.Status) to (core.ConfigMap): unknown conv'),
    ('POST', '', {'apiVersion': 'apps/v1', 'kind': 'ListOptions'}, 'converting (v1.ListOptions) to (core.ConfigMap)'),
    ('POST', '', {'apiVersion': 'v1', 'kind': 'PodSpec'}, 'no kind "PodSpec" is registered for version "v1"'),
    ('PATCH', '/..', {'data': {'a': 'b'}}, 'Name parameter invalid: "..": may not be \'..\''),
    ('DELETE', '/..', None, 'Name parameter invalid: "..": may not be \'..\''),
    ('DELETE', '?continue=abc', None, 'invalid continue token: continue key is not valid'),
    ('DELETE', '?resourceVersion=abc', None, 'invalid resource version: resourceVersion: Invalid value: "abc"'),
)


def refusals():
    with Server() as server:
        api = server.api()
        for method, where, body, text in REFUSALS:
            status, got = api.call(method, CONFIGMAPS + where, body and json.dumps(body), MERGE if method == 'PATCH' else {
                'Content-Type': 'application/json'})
            check(status == 400 and text in got['message'], '%s %s %s: %d %s' % (method, where, body, status, got))
        made = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'a', 'resourceVersion': '5'}}
        status, got = api.create(CONFIGMAPS + '?dryRun=All', made)
        check(status == 201 and got['metadata']['resourceVersion'] == '5', 'a dry run: %d %s' % (status, got))
        status, got = api.create(CONFIGMAPS, made)
        check(status == 500, 'a version in what is new: %d %s' % (status, got))


if __name__ == '__main__':
    run(every_kind, warnings, spelling, refusals)
